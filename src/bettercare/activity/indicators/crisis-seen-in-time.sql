-- name: People in mental health crisis seen within the target time
-- numerator: Seen within the hours that the priority names (2h: 120 minutes, 4h: 240)
-- denominator: Accepted requests to the mental health crisis team that have a priority in hours
-- exclusions: Rejected referrals; where a time is not known, it counts as not in time
-- source: Better Care Together roadmap of 2015 (seen within 4 hours, or 2 hours by urgency)
-- version: 1
-- unit: percent
-- direction: up
-- outcome: O2
-- plan indicator: crisis-seen-in-time
-- sphere: mental
select month, organisation as partner, locality,
    count(*) filter (coalesce(in_time(clock_start, clock_stop, minutes_due(priority)), false)) as numerator,
    count(*) as denominator
from events
where service = 'mental-health-crisis' and event in ('referral', 'contact')
    and regexp_full_match(coalesce(priority, ''), '[0-9]{1,3}h') and coalesce(outcome, '') <> 'rejected'
group by all
