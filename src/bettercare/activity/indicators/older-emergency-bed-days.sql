-- name: Bed days of emergency medical admissions
-- numerator: Nights in hospital in the month, of stays that began as a medical emergency and have ended
-- denominator: none (nights; the people behind them are counted beside)
-- exclusions: People who are still in hospital; their nights are added when they leave
-- source: The plan's indicators.csv
-- version: 1
-- unit: days
-- direction: down
-- outcome: O6
-- plan indicator: older-emergency-bed-days
-- sphere: physical
-- part: 65-over = Bed days of medical emergencies at 65 and over
-- part: under-65 = Bed days of medical emergencies at 15 to 64
with stays as (
    select organisation, locality, if(age >= 65, '65-over', 'under-65') as part, start_at::date as first, end_at::date as last,
        unnest(months_between(start_at, end_at)) as month_start
    from spells
    where service = 'emergency-medical' and end_at is not null
)
select strftime(month_start, '%Y-%m') as month, organisation as partner, locality, part,
    sum(nights_in(month_start, first, last))::bigint as numerator,
    count(*) as denominator
from stays
where nights_in(month_start, first, last) > 0
group by all
