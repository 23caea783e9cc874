-- name: People seen within four hours in A&E
-- numerator: Attendances that end at most 240 minutes after they begin
-- denominator: All attendances at emergency departments, minor injury units and walk-in centres
-- exclusions: None: where the time of leaving is not known, it counts as not in time
-- source: National standard of the time (95%); the plan's indicators.csv
-- version: 1
-- unit: percent
-- direction: up
-- target: 95
-- outcome: O4
-- plan indicator: ae-four-hours
-- sphere: physical
select month, organisation as partner, locality,
    count(*) filter (coalesce(in_time(coalesce(clock_start, start_at), coalesce(clock_stop, end_at), 240), false)) as numerator,
    count(*) as denominator
from events
where event = 'attendance' and service in ('ae-major', 'ae-minor')
group by all
