-- name: Admissions that schemes say they avoided
-- numerator: Referrals whose admission the scheme's own staff judged to be avoided
-- denominator: All referrals to the scheme
-- exclusions: None. This is a claim: there is no comparison group. The estimate against matched controls stands
--   beside it
-- source: Better Care Together update of June 2015 (112 of 147, 133 of 141, 229 of 2,599 in January to April 2015)
-- version: 1
-- unit: percent
-- direction: neither
-- outcome: O4
-- plan indicator: crisis-avoided-claimed, falls-avoided-claimed, assessment-unit-avoided-claimed
-- sphere: physical
select month, organisation as partner, locality, code as part,
    count(*) filter (outcome = 'avoided') as numerator, count(*) as denominator
from events
where event = 'scheme' and code is not null
group by all
