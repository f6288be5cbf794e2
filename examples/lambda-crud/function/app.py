"""Users and their posts: ten routes of an HTTP API, two DynamoDB tables, one function."""

import base64
import json
import os
import re
import uuid
from datetime import datetime, timezone

import boto3

dynamodb = boto3.resource("dynamodb")
users = dynamodb.Table(os.environ["USERS_TABLE"])
posts = dynamodb.Table(os.environ["POSTS_TABLE"])
# The resource's own client: it takes and gives Python's values too.
client = dynamodb.meta.client

PAGE, LARGEST_PAGE = 20, 100

# Name: (fewest characters, most characters, may it be absent).
USER = {"name": (1, 100, False), "email": (3, 254, False), "about": (0, 1000, True)}
POST = {"userId": (1, 32, False), "title": (1, 200, False), "body": (0, 10000, False)}


class Refusal(Exception):
    def __init__(self, status, message, problems=None):
        super().__init__(message)
        self.status = status
        self.body = {"message": message} | ({"problems": problems} if problems else {})


def handler(event, context):
    print(event["routeKey"])
    try:
        return ROUTES[event["routeKey"]](event)
    except Refusal as refusal:
        return answer(refusal.status, refusal.body)


# Users


def create_user(event):
    user = new(checked(body_of(event), USER) | {"posts": 0})
    users.put_item(Item=user, ConditionExpression="attribute_not_exists(id)")
    return answer(201, user, {"location": f"/users/{user['id']}"})


def list_users(event):
    return answer(200, page(users, event))


def read_user(event):
    return answer(200, found("user", users, id_of("user", event)))


def change_user(event):
    return answer(200, changed("user", users, event, USER))


def delete_user(event):
    user_id = id_of("user", event)
    try:
        # The count makes this safe: a post that is created at the same time either counts already or finds no user.
        users.delete_item(
            Key={"id": user_id},
            ConditionExpression="attribute_exists(id) AND posts = :none",
            ExpressionAttributeValues={":none": 0},
        )
    except client.exceptions.ConditionalCheckFailedException:
        found("user", users, user_id)
        raise Refusal(409, f"user `{user_id}` has posts")
    return answer(204)


# Posts


def create_post(event):
    post = new(checked(body_of(event), POST))
    problem = {"field": "userId", "problem": f"there is no user `{post['userId']}`"}
    together(
        [count_posts(post["userId"], 1), {"Put": {"TableName": posts.name, "Item": post}}],
        Refusal(400, "the body is not valid", [problem]),
    )
    return answer(201, post, {"location": f"/posts/{post['id']}"})


def list_posts(event):
    return answer(200, page(posts, event))


def read_post(event):
    return answer(200, found("post", posts, id_of("post", event)))


def change_post(event):
    return answer(200, changed("post", posts, event, {name: POST[name] for name in ("title", "body")}))


def delete_post(event):
    post = found("post", posts, id_of("post", event))
    gone = {
        "TableName": posts.name,
        "Key": {"id": post["id"]},
        "ConditionExpression": "attribute_exists(id)",
    }
    together([{"Delete": gone}, count_posts(post["userId"], -1)], no_such("post", post["id"]))
    return answer(204)


# What both have in common


def new(fields):
    time = now()
    return {"id": uuid.uuid4().hex} | fields | {"createdAt": time, "updatedAt": time}


def page(table, event):
    query = event.get("queryStringParameters") or {}
    limit = query.get("limit", str(PAGE))
    if not re.fullmatch("[0-9]{1,3}", limit) or not 1 <= int(limit) <= LARGEST_PAGE:
        raise Refusal(400, f"`limit` must be a number from 1 to {LARGEST_PAGE}")
    after = query.get("after")
    if after is not None and not is_id(after):
        raise Refusal(400, "`after` must be an id")
    start = {"ExclusiveStartKey": {"id": after}} if after else {}
    read = table.scan(Limit=int(limit), **start)
    following = {"next": read["LastEvaluatedKey"]["id"]} if "LastEvaluatedKey" in read else {}
    return {"items": read["Items"]} | following


def found(kind, table, record_id):
    item = table.get_item(Key={"id": record_id}, ConsistentRead=True).get("Item")
    if item is None:
        raise no_such(kind, record_id)
    return item


def changed(kind, table, event, fields):
    record_id = id_of(kind, event)
    patch = body_of(event)
    # `null` removes what may be absent.
    removed = [name for name, value in patch.items() if value is None and name in fields and fields[name][2]]
    kept = {name: value for name, value in patch.items() if name not in removed}
    kept = checked(kept, {name: rule for name, rule in fields.items() if name in kept}) | {"updatedAt": now()}
    update = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    if removed:
        update += " REMOVE " + ", ".join(f"#{name}" for name in removed)
    try:
        return table.update_item(
            Key={"id": record_id},
            ConditionExpression="attribute_exists(id)",
            UpdateExpression=update,
            ExpressionAttributeNames={f"#{name}": name for name in [*kept, *removed]},
            ExpressionAttributeValues={f":{name}": value for name, value in kept.items()},
            ReturnValues="ALL_NEW",
        )["Attributes"]
    except client.exceptions.ConditionalCheckFailedException:
        raise no_such(kind, record_id)


def count_posts(user_id, change):
    return {
        "Update": {
            "TableName": users.name,
            "Key": {"id": user_id},
            "ConditionExpression": "attribute_exists(id)",
            "UpdateExpression": "SET posts = posts + :change",
            "ExpressionAttributeValues": {":change": change},
        }
    }


def together(writes, refusal):
    """Does all of it or nothing; the first one's condition decides."""
    try:
        client.transact_write_items(TransactItems=writes)
    except client.exceptions.TransactionCanceledException as error:
        if error.response["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed":
            raise refusal
        raise Refusal(409, "somebody else is changing it: try again")


# What clients send, and what they get


def id_of(kind, event):
    record_id = event["pathParameters"]["id"]
    if not is_id(record_id):
        raise no_such(kind, record_id)
    return record_id


def is_id(text):
    return re.fullmatch("[0-9a-f]{32}", text) is not None


def no_such(kind, record_id):
    return Refusal(404, f"there is no {kind} `{record_id}`")


def body_of(event):
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            body = base64.b64decode(body).decode()
        body = json.loads(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is not JSON")
    if not isinstance(body, dict):
        raise Refusal(400, "the body must be a JSON object")
    return body


def checked(body, fields):
    problems = {name: "is not a field" for name in body if name not in fields}
    values = {}
    for name, (least, most, optional) in fields.items():
        value = body.get(name)
        if value is None and optional:
            continue
        problem = None
        if value is None:
            problem = "is missing"
        elif not isinstance(value, str):
            problem = "must be a string"
        elif not least <= len(value.strip()) <= most:
            problem = f"must have {least} to {most} characters and has {len(value.strip())}"
        elif re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]", value):
            problem = "must not have control characters"
        elif name == "email" and not re.fullmatch(r"[^\s@]+@[^\s@.]+(\.[^\s@.]+)*", value.strip()):
            problem = "is not an email address"
        elif name == "userId" and not is_id(value):
            problem = "must be an id"
        if problem:
            problems[name] = problem
        else:
            values[name] = value.strip()
    if problems:
        problems = [{"field": name, "problem": problem} for name, problem in problems.items()]
        raise Refusal(400, "the body is not valid", problems)
    return values


def answer(status, body=None, headers=None):
    if body is None:
        return {"statusCode": status}
    headers = {"content-type": "application/json"} | (headers or {})
    # DynamoDB's numbers come as decimals.
    return {"statusCode": status, "headers": headers, "body": json.dumps(body, default=int)}


def now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


ROUTES = {
    "POST /users": create_user,
    "GET /users": list_users,
    "GET /users/{id}": read_user,
    "PATCH /users/{id}": change_user,
    "DELETE /users/{id}": delete_user,
    "POST /posts": create_post,
    "GET /posts": list_posts,
    "GET /posts/{id}": read_post,
    "PATCH /posts/{id}": change_post,
    "DELETE /posts/{id}": delete_post,
}
