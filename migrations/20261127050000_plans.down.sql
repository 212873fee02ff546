drop table plan_shares, plan_revisions, plan_seats, plan_raids, plans;
drop function plans_limit(), plan_shares_limit();
alter table roster_entries drop constraint roster_entries_of_guild;
