-- name: Emergency admissions that care elsewhere might have prevented
-- numerator: Emergency spells for a condition of the named list (ambulatory_codes.csv: acute, chronic and
--   vaccine-preventable), each once
-- denominator: none (a count)
-- exclusions: Codes that count only without a procedure, or not with D57, as the list says; other published lists
--   differ
-- source: Ambulatory care sensitive conditions: activity-rules "Avoidable emergency admission", file
--   ambulatory_codes.csv
-- version: 1
-- unit: count
-- direction: down
-- outcome: O4
-- plan indicator:
-- sphere: physical
-- part: acute = Acute conditions
-- part: chronic = Long-term conditions
-- part: vaccine = Conditions that vaccines prevent
with emergencies as (
    select month, organisation, locality, diagnosis, coalesce(diagnoses, '') as diagnoses,
        coalesce(procedure, '') = '' as no_procedure, count(*) as number
    from spells
    where method = 'emergency' and diagnosis is not null
    group by all
),
-- the same codes are looked up once, however many people had them
coded as (
    select row_number() over () as id, diagnosis, diagnoses, no_procedure, icd(diagnosis) as main,
        other_codes(diagnoses) as others
    from (select distinct diagnosis, diagnoses, no_procedure from emergencies)
),
first_codes as (
    select id, unnest([main[:3], main[:4]]) as code, no_procedure, others from coded
),
any_codes as (
    select id, unnest(list_distinct(flatten(list_transform([main] || others, lambda c: [c[:3], c[:4]])))) as code, others
    from coded
),
found as (
    select e.id, a.kind from first_codes e join ambulatory_codes a using (code)
    where a.position = 'first' and (e.no_procedure or a.procedure = 'any')
        and (a.second = '' or len(list_filter(e.others, lambda c: contains(a.second, c[:3]))) > 0)
    union all
    select e.id, a.kind from any_codes e join ambulatory_codes a using (code)
    where a.position = 'any'
        and (a.without = '' or len(list_filter(e.others, lambda c: c[:3] = a.without)) = 0)
),
each_once as (
    select c.diagnosis, c.diagnoses, c.no_procedure, min(f.kind) as kind from found f join coded c using (id) group by all
)
select e.month, e.organisation as partner, e.locality, o.kind as part, sum(e.number)::bigint as numerator,
    null as denominator
from emergencies e join each_once o using (diagnosis, diagnoses, no_procedure)
group by all
