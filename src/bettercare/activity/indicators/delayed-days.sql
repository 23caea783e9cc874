-- name: Days that people ready to leave stay in hospital
-- numerator: Nights in the month between being ready to leave and leaving
-- denominator: none (nights; the people behind them are counted beside)
-- exclusions: People who are still in hospital; discharges without a ready date
-- source: Delayed transfers of care; from 2020 the discharge-ready date; the plan's indicators.csv
-- version: 1
-- unit: days
-- direction: down
-- outcome: O6
-- plan indicator: delayed-days
-- sphere: both
with delays as (
    select organisation, locality, greatest(ready, start_at)::date as first, end_at::date as last,
        unnest(months_between(greatest(ready, start_at), end_at)) as month_start
    from spells
    where ready is not null and end_at is not null
)
select strftime(month_start, '%Y-%m') as month, organisation as partner, locality,
    sum(nights_in(month_start, first, last))::bigint as numerator,
    count(*) as denominator
from delays
where nights_in(month_start, first, last) > 0
group by all
