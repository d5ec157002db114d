CREATE INDEX ix_orders_buyer_id_state_id ON orders (buyer_id, state, id)
--
CREATE INDEX ix_orders_seller_id_state_id ON orders (seller_id, state, id)
--
CREATE INDEX ix_volume_facts_merchant_id_accepted_month_product_id_counted_amount ON volume_facts (merchant_id, accepted_month, product_id, counted, amount)
--
CREATE INDEX ix_volume_facts_buyer_id_accepted_month_product_id_amount ON volume_facts (buyer_id, accepted_month, product_id, amount)
--
CREATE INDEX ix_volume_adjustments_merchant_id_accepted_month_product_id_counted_amount ON volume_adjustments (merchant_id, accepted_month, product_id, counted, amount)
