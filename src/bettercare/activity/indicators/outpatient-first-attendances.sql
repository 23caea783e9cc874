-- name: First outpatient attendances
-- numerator: First attendances in hospital clinics
-- denominator: none (a count)
-- exclusions: None
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: down
-- outcome: O3
-- plan indicator: outpatient-first-attendances
-- sphere: physical
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where service = 'outpatient-first' and event = 'attendance'
group by all
