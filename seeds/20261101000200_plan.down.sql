delete from plans where id = 'b7c0a3de-54f1-4b1c-9a55-0d5f7ac1e2b3';
