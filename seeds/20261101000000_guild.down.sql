-- Takes memberships and invites with it, whoever made them. The people stay.
delete from guilds where id = 'a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae';
