drop index characters_owner;
