-- What a state led to: the session it opened, so that the same browser may send its callback again, and where in the app
-- the browser wanted to go. Both go with the state. The session is no foreign key: it outlives the state.
alter table oauth_states
  add column session_id uuid,
  add column return_to text;
