-- grain: one row per business date
select
    rollup_sales_daily.sale_date,
    sum(rollup_sales_daily.gross_units) as gross_units,
    sum(rollup_sales_daily.return_units) as return_units,
    sum(rollup_sales_daily.gross_units - rollup_sales_daily.return_units) as net_units,
    sum(rollup_sales_daily.gross_revenue) as gross_revenue,
    sum(rollup_sales_daily.discount) as discount,
    sum(rollup_sales_daily.return_value) as return_value,
    sum(rollup_sales_daily.gross_revenue - rollup_sales_daily.discount - rollup_sales_daily.return_value) as net_revenue
from analytics.rollup_sales_daily
where rollup_sales_daily.in_default_totals
group by rollup_sales_daily.sale_date
