-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index plan_shares_maker on plan_shares (created_by) where created_by is not null;
