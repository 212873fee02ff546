drop function forget_user, forget_players, places_of, roster_fields_without;
