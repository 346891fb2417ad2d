"""What each light app has to say, once more in SQL written another way: (community, key) of every row."""

_P = """governance.resident as p, standard.business_day as d
    where p.death_date is null and p.community_code in (select community_code from governance.community)"""
_TAGGED = "p.resident_id in (select resident_id from governance.tag where tag_code = '{}')"
_DOORS = """select r.resident_id, min(a.community_code) filter (r.residence_kind_code = '1') as home,
        min(a.community_code) filter (r.residence_kind_code = '2') as here
    from governance.residence r natural join governance.standard_address a group by 1"""
_SHOPS = """governance.enterprise as e, standard.business_day as d
    where e.enterprise_status_code = '1' and e.community_code in (select community_code from governance.community)"""

KEYS = {
    "food_licence_due": "enterprise_id",
    "food_without_licence": "enterprise_id",
    "equipment_inspection_due": "equipment_id",
    "crowded_dwelling": "address_id",
    "service_reach_gap": "address_id",
    "entitled_not_applied": "resident_id || service_item_title",
    "community_board": "concat_ws(',', resident_count, elderly_count, minor_count, disabled_count, veteran_count,"
    " subsistence_recipient_count, living_alone_elderly_count, open_enterprise_count, open_case_count)",
}

_YEARS = """(date_diff('year', p.birth_date, d.business_date)
    - (strftime(p.birth_date, '%m%d') > strftime(d.business_date, '%m%d'))::int)"""
_ENTITLED = {
    "尊老金（高龄津贴）申领": f"""{_TAGGED.format("aged_80")} and not {_TAGGED.format("elderly_allowance")}
        and not {_TAGGED.format("floating_population")}""",
    "城乡居民基本养老保险参保登记": f"""{_YEARS} between 16 and 59
        and coalesce(p.pension_status_code, p.pension_joined_date::text) is null and p.school_name is null
        and not {_TAGGED.format("floating_population")}""",
    "城乡居民养老金申领": f"{_YEARS} >= 60 and p.pension_status_code in ('1', '2')",
    "城乡居民医疗保险参保登记": """(p.medical_insurance_status_code = '3'
        or p.medical_insurance_status_code is null and p.medical_insurance_type_code is null)""",
    "农村籍退役士兵老年生活补助": f"""{_YEARS} >= 60 and p.is_veteran
        and p.preferential_treatment_code is distinct from '5'""",
    "义务教育入学报名": f"{_YEARS} = 6 and p.school_name is null",
}

BY_HAND = {
    "entitled_not_applied": " union all ".join(
        f"select p.community_code, p.resident_id || '{title}' from {_P} and {rule}" for title, rule in _ENTITLED.items()
    ),
    "elderly_living_alone_visit": f"select p.community_code, p.resident_id from {_P}"
    f" and {_TAGGED.format('elderly_living_alone')}",
    "allowance_not_drawn": f"select p.community_code, p.resident_id from {_P} and {_TAGGED.format('aged_80')}"
    f" and not {_TAGGED.format('elderly_allowance')} and not {_TAGGED.format('floating_population')}",
    "disability_certificate_expiring": f"""select p.community_code, p.resident_id from {_P}
        and (select date_diff('day', d.business_date, g.disability_expiry_date)
            from matching.resident_golden g where g.entity_id = p.resident_id) <= 60""",
    "school_age_not_enrolled": f"select p.community_code, p.resident_id from {_P}"
    f" and {_TAGGED.format('school_age_not_enrolled')}",
    "newborn_visit": f"""select p.community_code, p.resident_id from {_P}
        and p.birth_date + interval 1 year > d.business_date""",
    "follow_up_overdue": f"""select p.community_code, p.resident_id from {_P} and {_TAGGED.format("chronic_disease")}
        and coalesce(date_diff('day', p.last_follow_up_date, d.business_date) > 90, true)""",
    "veteran_care": f"""select p.community_code, p.resident_id from {_P} and {_TAGGED.format("veteran")}
        and ({_TAGGED.format("aged_60")} or {_TAGGED.format("living_alone")} or {_TAGGED.format("disabled")})""",
    "subsistence_household_change": f"""select p.community_code, p.resident_id from {_P}
        and {_TAGGED.format("subsistence")} and p.household_id in (
            select household_id from governance.resident, standard.business_day
            where death_date + interval 1 year > business_date
            union
            select household_id from governance.resident join governance.operation using (resident_id)
                join governance.enterprise using (enterprise_id)
            where operation_role_code in ('1', '2') and enterprise_status_code = '1'
        )""",
    "registered_here_living_elsewhere": f"""select w.home, w.resident_id from ({_DOORS}) as w
        natural join governance.resident as p where p.death_date is null and w.home <> w.here""",
    "living_here_registered_elsewhere": f"""select w.here, w.resident_id from ({_DOORS}) as w
        natural join governance.resident as p where p.death_date is null and w.home <> w.here""",
    "food_licence_due": f"""select e.community_code, e.enterprise_id from {_SHOPS}
        and date_diff('day', d.business_date, e.food_licence_expiry_date) <= 90""",
    "food_without_licence": f"""select e.community_code, e.enterprise_id from {_SHOPS}
        and e.food_licence_number is null and regexp_matches(e.business_scope, '食品(销售|零售)|餐饮服务')""",
    "equipment_inspection_due": """select q.community_code, q.equipment_id
        from governance.special_equipment q, standard.business_day d
        where q.equipment_status_code = '1' and q.community_code in (select community_code from governance.community)
            and date_diff('day', d.business_date, q.next_inspection_date) <= 60""",
    "service_reach_gap": """select w.community_code, w.address_id from governance.dwelling w
        join governance.address_position p using (address_id)
        where w.living_count > 0 and w.community_code is not null and not exists (
            select 1 from governance.service_point s
            where left(s.community_code, 6) = left(p.community_code, 6) and s.opening_hours is not null
                and s.service_point_kind_code in ('2', '3')
                and 2 * 6371008.8 * asin(sqrt(
                    pow(sin(radians(s.service_point_latitude - p.latitude) / 2), 2)
                    + cos(radians(p.latitude)) * cos(radians(s.service_point_latitude))
                    * pow(sin(radians(s.service_point_longitude - p.longitude) / 2), 2))) <= 865)""",
    "crowded_dwelling": """select w.community_code, w.address_id from governance.dwelling w
        where w.community_code in (select community_code from governance.community)
            and (w.living_count > 5 or w.household_count > 2)
            and w.address_id not in (
                select address_id from governance.residence where residence_kind_code in ('2', '3')
                group by address_id, resident_id having count(distinct residence_kind_code) = 2)""",
    "community_board": f"""
        with p as (
            select p.*, {_TAGGED.format("aged_60")} as is_old, {_TAGGED.format("minor")} as is_young,
                {_TAGGED.format("elderly_living_alone")} as is_alone,
                {_TAGGED.format("disabled")} as is_disabled, {_TAGGED.format("subsistence")} as is_on_list from {_P})
        select c.community_code, concat_ws(',', count(*), count_if(is_old), count_if(is_young),
            count_if(is_disabled), count_if(is_veteran),
            count_if(is_on_list), count_if(is_alone),
            (select count(*) from governance.enterprise e
                where e.enterprise_status_code = '1' and e.community_code = c.community_code),
            (select count(*) from governance.city_case k
                where k.case_status_code in ('1', '2') and k.community_code = c.community_code))
        from p join governance.community c using (community_code) group by c.community_code""",
}
