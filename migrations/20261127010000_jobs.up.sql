-- The tables of the job engine (src/infra/Jobs.ts): what Effect's own migrations make with the prefix `jobs`, which a test
-- compares. Only the engine writes them, and no route reads them.
create table jobs_messages (
  id bigint primary key,
  rowid bigserial,
  message_id varchar(255) unique,
  shard_id varchar(50) not null,
  entity_type varchar(150) not null,
  entity_id varchar(255) not null,
  kind int not null,
  tag varchar(50),
  payload text,
  headers text,
  trace_id varchar(32),
  span_id varchar(16),
  sampled boolean,
  processed boolean not null default false,
  request_id bigint not null,
  reply_id bigint,
  last_reply_id bigint,
  last_read timestamp,
  deliver_at bigint
);

create index jobs_messages_shard_idx on jobs_messages (shard_id, processed, last_read, deliver_at);
create index jobs_messages_request_id_idx on jobs_messages (request_id);
create index jobs_messages_rowid_idx on jobs_messages (rowid);

create table jobs_replies (
  id bigint primary key,
  rowid bigserial,
  kind int,
  request_id bigint not null,
  payload text not null,
  sequence int,
  acked boolean not null default false,
  unique (request_id, kind),
  unique (request_id, sequence)
);

create index jobs_replies_request_lookup_idx on jobs_replies (request_id, kind, acked);

create table jobs_runners (
  machine_id serial primary key,
  address varchar(255) not null unique,
  runner text not null,
  healthy boolean not null default true,
  last_heartbeat timestamp not null default now()
);

create table jobs_locks (
  shard_id varchar(50) primary key,
  address varchar(255) not null,
  acquired_at timestamp not null
);
