ALTER TABLE delivery_tasks ADD COLUMN product_version_id VARCHAR
--
UPDATE delivery_tasks SET product_version_id = (SELECT v.id FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN product_version_id SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN dataset_version_id VARCHAR
--
ALTER TABLE delivery_tasks ADD COLUMN mode VARCHAR
--
UPDATE delivery_tasks SET mode = (SELECT l.delivery_mode FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN mode SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN grade VARCHAR
--
UPDATE delivery_tasks SET grade = (SELECT v.grade FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN grade SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN pi_class VARCHAR
--
UPDATE delivery_tasks SET pi_class = (SELECT v.pi_class FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN pi_class SET NOT NULL
--
ALTER TABLE delivery_tasks ADD COLUMN origin VARCHAR
--
UPDATE delivery_tasks SET origin = (SELECT v.source_kind FROM order_lines l JOIN product_versions v ON v.id = l.product_version_id WHERE l.id = delivery_tasks.order_line_id)
--
ALTER TABLE delivery_tasks ALTER COLUMN origin SET NOT NULL
--
ALTER TABLE delivery_tasks ADD CONSTRAINT fk_delivery_tasks_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
--
ALTER TABLE product_versions ADD COLUMN dataset_version_id VARCHAR
--
ALTER TABLE product_versions ADD CONSTRAINT ck_product_versions_public_data_stays_in_its_resource CHECK (dataset_version_id IS NULL OR source_kind <> 'public_authorised')
--
ALTER TABLE product_versions ADD CONSTRAINT fk_product_versions_dataset_version_id_dataset_versions FOREIGN KEY(dataset_version_id) REFERENCES dataset_versions (id)
--
CREATE INDEX ix_product_versions_dataset_version_id_product_id ON product_versions (dataset_version_id, product_id)
