create or replace function etl_record_tombstone() returns trigger language plpgsql as $$
begin
    insert into public.etl_tombstone (table_name, row_key) values (tg_table_name, old.id);
    return null;
end
$$;
