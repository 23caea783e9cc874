-- name: End-of-life care contacts at home
-- numerator: Visits by end-of-life nurses
-- denominator: none (a count)
-- exclusions: None
-- source: The plan's indicators.csv
-- version: 1
-- unit: count
-- direction: up
-- outcome: O7
-- plan indicator: end-of-life-contacts
-- sphere: both
select month, organisation as partner, locality, count(*) as numerator, null as denominator
from events
where service = 'end-of-life-home' and event = 'contact'
group by all
