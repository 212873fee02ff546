-- A file of its own, as requests may hold plans while they wait for users.
alter table plan_compositions
  add constraint plan_compositions_requested_by_fkey foreign key (requested_by) references users (id) on delete set null;
