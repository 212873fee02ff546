-- To find what refers to a person. A file of its own, as requests may hold other tables while they wait for this one.
create index plans_maker on plans (created_by) where created_by is not null;
create index plans_writer on plans (updated_by) where updated_by is not null;
