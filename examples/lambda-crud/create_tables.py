"""Creates the two tables of this example where they are not there yet: python3 create_tables.py"""

import os

import boto3

dynamodb = boto3.client("dynamodb")
for table in [os.environ.get("USERS_TABLE", "users"), os.environ.get("POSTS_TABLE", "posts")]:
    try:
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.get_waiter("table_exists").wait(TableName=table)
        print(f"table {table}: created")
    except dynamodb.exceptions.ResourceInUseException:
        print(f"table {table}: there already")
