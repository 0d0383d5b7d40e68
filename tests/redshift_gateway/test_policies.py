"""Grants, row-level security and masks on views, as different people see them."""

import pytest
import redshift_connector


@pytest.fixture
def ask(run, gateway, redshift):
    """A view over two regions, and three people: a reader, one who sees what is masked, and one without a role."""
    run("create table shop.sale (region_key bigint, amount int)")
    run("create table shop.visible (user_name varchar(64), region_key bigint)")
    run("insert into shop.sale values (1, 10), (2, 20)")
    run("insert into shop.visible values ('ann', 1), ('bob', 1), ('bob', 2)")
    run("create view shop.sales as select region_key, amount from shop.sale with no schema binding")
    for role in ("readers", "owners"):
        run(f"create role {role}")
        run(f"grant usage on schema shop to role {role}")
        run(f"grant select (region_key, amount) on shop.sales to role {role}")
    for user, role in (("ann", "readers"), ("bob", "owners"), ("eve", "")):
        run(f"create user {user} password disable")
        gateway.passwords[user] = f"{user}'s"
        if role:
            run(f"grant role {role} to {user}")

    def ask(user, sql="select region_key, amount from shop.sales order by 1"):
        cursor = redshift(user).cursor()
        cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()]

    yield ask
    gateway.forget_roles(["ann", "bob", "eve", "readers", "owners"])


def test_who_has_no_role_sees_nothing(ask):
    with pytest.raises(redshift_connector.ProgrammingError, match="permission denied"):
        ask("eve")
    assert ask("ann") == [[1, 10], [2, 20]]


def test_only_granted_columns_are_seen_and_the_table_below_is_not(ask, run):
    run("revoke select (amount) on shop.sales from role readers")

    assert ask("ann", "select region_key from shop.sales order by 1") == [[1], [2]]
    for query in ("select amount from shop.sales", "select * from shop.sales", "select region_key from shop.sale"):
        with pytest.raises(redshift_connector.ProgrammingError, match="permission denied"):
            ask("ann", query)


def test_rows_are_those_of_the_policy_of_ones_role(ask, run):
    run(
        "create rls policy of_the_user with (region_key bigint) using (region_key in "
        "(select region_key from shop.visible where user_name = current_user))"
    )
    with pytest.raises(redshift_connector.ProgrammingError, match=r"no SELECT on its lookup table shop\.visible"):
        run("attach rls policy of_the_user on shop.sales to role readers")
    run("grant select on shop.visible to rls policy of_the_user")
    run("attach rls policy of_the_user on shop.sales to role readers")
    assert ask("ann") == [[1, 10], [2, 20]]  # not until it is on
    run("alter table shop.sales row level security on")

    assert ask("ann") == [[1, 10]]
    assert ask("bob") == []  # a role without any policy
    assert run("select count(*) from shop.sales") == [[2]]  # the superuser
    run("grant ignore rls to role owners")
    run("create or replace view shop.sales as select region_key, amount from shop.sale with no schema binding")
    assert (ask("ann"), ask("bob")) == ([[1, 10]], [[1, 10], [2, 20]])


def test_a_mask_holds_unless_a_policy_of_higher_priority_shows(ask, run):
    run("create masking policy hidden with (amount int) using (null::int)")
    run("create masking policy shown with (amount int) using (amount)")
    run("attach masking policy hidden on shop.sales(amount) to public priority 10")
    run("attach masking policy shown on shop.sales(amount) to role owners priority 20")

    assert ask("ann") == [[1, None], [2, None]]
    assert ask("bob") == [[1, 10], [2, 20]]
    with pytest.raises(redshift_connector.ProgrammingError, match="priority 10 is attached"):
        run("attach masking policy shown on shop.sales(amount) to role readers priority 10")
    with pytest.raises(redshift_connector.ProgrammingError, match="cannot drop policy hidden"):
        run("drop masking policy hidden")
