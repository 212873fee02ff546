drop index plans_maker, plans_writer;
