-- What a database for Redshift holds beside its users' tables: what is recorded, system tables, and functions of its own.
create schema redshift;
create table redshift.recorded_key (relation text, kind text, columns text);
create table redshift.view_base (relation text primary key, query text);
create table redshift.rls_policy (name text primary key, condition text, lookups text[]);
create table redshift.rls_attached (policy text, relation text, role text, unique (policy, relation, role));
create table redshift.rls_on (relation text primary key);
create table redshift.rls_lookup (policy text, relation text);
create table redshift.masking_policy (name text primary key, argument text, expression text);
create table redshift.mask_attached (policy text, relation text, column_name text, role text, priority int);
create table redshift.ignores_rls (role text primary key);

create table public.stl_load_errors (
    query int, starttime timestamp default timezone('utc', now()), filename text, line_number bigint, colname text, type text,
    col_length text, raw_field_value text, err_code int, err_reason text
);
create view public.sys_load_error_detail as
select
    query::bigint as query_id, starttime as start_time, filename as file_name, line_number, colname as column_name,
    type as column_type, col_length as column_length, err_code as error_code, err_reason as error_message
from public.stl_load_errors;
create view public.svv_roles as select oid::int as role_id, rolname as role_name, 'admin' as role_owner from pg_roles where rolname !~ '^pg_';
grant select on public.svv_roles to public;
grant select on public.stl_load_errors, public.sys_load_error_detail to public;
grant usage on schema redshift to public;
-- What the gateway notes in the session of whoever asks.
create sequence redshift.copy_id;
grant usage on sequence redshift.copy_id to public;
grant select, insert, update, delete on all tables in schema redshift to public;

create function public.pg_last_copy_count() returns bigint stable language sql
as $$ select coalesce(nullif(current_setting('gateway.copy_count', true), ''), '0')::bigint $$;
create function public.pg_last_copy_id() returns int stable language sql
as $$ select coalesce(nullif(current_setting('gateway.copy_id', true), ''), '-1')::int $$;
-- Boundaries that are crossed, not time that has passed: 23:00 to 01:00 of the next day is one day.
create function redshift.datediff(unit text, earlier timestamp, later timestamp) returns bigint immutable language sql
as $$ select case
    when unit in ('year', 'quarter', 'month') then
        ((extract(year from later) - extract(year from earlier)) * case unit when 'year' then 1 when 'quarter' then 4 else 12 end
        + case unit when 'year' then 0 when 'quarter' then extract(quarter from later) - extract(quarter from earlier)
            else extract(month from later) - extract(month from earlier) end)::bigint
    else (extract(epoch from date_trunc(unit, later) - date_trunc(unit, earlier))
        / case unit when 'week' then 604800 when 'day' then 86400 when 'hour' then 3600 when 'minute' then 60 else 1 end)::bigint
    end $$;
-- Null where a part is null; PostgreSQL's own leaves the part out.
create function redshift.concat(text, text) returns text immutable language sql as $$ select $1 || $2 $$;
