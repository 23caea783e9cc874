-- name: Emergency admissions
-- numerator: Spells that begin as an emergency, in services whose way in is an emergency, counted in the month in
--   which they begin
-- denominator: none (a count)
-- exclusions: Transfers within a stay
-- source: Better Care Together roadmap of 2015 and the plan's indicators.csv
-- version: 1
-- unit: count
-- direction: down
-- plan indicator: emergency-admissions
-- sphere: physical
-- part: child in child-emergency-admissions = Emergency admissions of children under 15
-- part: medical-15-64 in adult-emergency-medical-admissions = Medical emergencies at 15 to 64
-- part: medical-65-over in adult-emergency-medical-admissions = Medical emergencies at 65 and over
-- part: surgical-15-64 in adult-emergency-surgical-admissions = Surgical emergencies at 15 to 64
-- part: surgical-65-over in adult-emergency-surgical-admissions = Surgical emergencies at 65 and over
-- part: other in other-emergency-admissions = Other emergencies
-- group: child-emergency-admissions, O1 = Emergency admissions of children under 15
-- group: adult-emergency-medical-admissions, O2 = Emergency medical admissions of people of 15 and over
-- group: adult-emergency-surgical-admissions = Emergency surgical admissions of people of 15 and over
-- group: other-emergency-admissions = Other emergency admissions
select s.month, s.organisation as partner, s.locality,
    case s.service
        when 'emergency-child' then 'child'
        when 'emergency-medical' then if(s.age >= 65, 'medical-65-over', 'medical-15-64')
        when 'emergency-surgical' then if(s.age >= 65, 'surgical-65-over', 'surgical-15-64')
        else 'other'
    end as part,
    count(*) as numerator, null as denominator
from spells s
where s.admission = 'emergency' and s.method = 'emergency'
group by all
