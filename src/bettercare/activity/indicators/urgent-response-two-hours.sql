-- name: Urgent community response within two hours
-- numerator: Responses 0 to 120 minutes after the clock started
-- denominator: Accepted requests for crisis response at home that are due within two hours
-- exclusions: Rejected referrals; where a time is not known, it counts as not in time
-- source: NHS England, urgent community response standard (70%); activity-rules
-- version: 1
-- unit: percent
-- direction: up
-- target: 70
-- outcome: O4
-- plan indicator:
-- sphere: physical
select month, organisation as partner, locality,
    count(*) filter (coalesce(in_time(clock_start, clock_stop, 120), false)) as numerator,
    count(*) as denominator
from events
where service = 'crisis-response' and event in ('referral', 'contact') and priority = '2h'
    and coalesce(outcome, '') <> 'rejected'
group by all
