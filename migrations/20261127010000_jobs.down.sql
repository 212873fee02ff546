drop table jobs_locks, jobs_runners, jobs_replies, jobs_messages;
