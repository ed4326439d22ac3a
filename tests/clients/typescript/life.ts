// The life of an account through openapi-fetch and the types of openapi-typescript, against the API at the URL in argv.

import createClient from "openapi-fetch";
import type { components, paths } from "./account_api.js";

type Problem = components["schemas"]["Problem"];
type ErrorCode = components["schemas"]["ErrorCode"];
type Answer<Data> = { data?: Data; error?: Problem };

declare const process: { argv: string[] };

const EMAIL = "mary@clients.example.com";
const PASSWORD = "purple otter 7";
const NEW_PASSWORD = "green heron 9";
const baseUrl = process.argv[2];
const anybody = createClient<paths>({ baseUrl });

const signedIn = (token: string | undefined) =>
  createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

function success<Data>({ data, error }: Answer<Data>): Data {
  check(data !== undefined, JSON.stringify(error));
  return data;
}

function problem({ error }: Answer<unknown>, code: ErrorCode): Problem {
  check(error?.error_code === code, `${code}: ${JSON.stringify(error)}`);
  return error;
}

async function signUpAndRefresh() {
  const body = { email: EMAIL, name: "Mary", password: PASSWORD };
  const first = success(await anybody.POST("/api/v1/auth/register", { body })).data;
  problem(await anybody.POST("/api/v1/auth/register", { body }), "EMAIL_ALREADY_REGISTERED");
  const refresh = { refresh_token: first.refresh_token };
  return success(await anybody.POST("/api/v1/auth/refresh", { body: refresh })).data;
}

async function readAndChange(client: typeof anybody) {
  check(success(await client.GET("/api/v1/users/me")).data.email === EMAIL, "the address is another one");
  success(await client.PATCH("/api/v1/users/me", { body: { name: "Mary Jackson" } }));
  const refused = problem(await client.PATCH("/api/v1/users/me", { body: { name: "" } }), "VALIDATION_ERROR");
  check(refused.errors?.["name"]?.length === 1, "the problem does not name the field");
  const body = { current_password: PASSWORD, new_password: NEW_PASSWORD };
  success(await client.POST("/api/v1/users/me/password", { body }));
  problem(await client.POST("/api/v1/users/me/password", { body }), "WRONG_PASSWORD");
  problem(await client.GET("/api/v1/admin/users", { params: { query: { role: "admin" } } }), "NOT_PERMITTED");
}

async function useSessions(client: typeof anybody) {
  const body = { email: EMAIL, password: NEW_PASSWORD };
  const other = success(await anybody.POST("/api/v1/auth/login", { body })).data;
  const page = success(await client.GET("/api/v1/users/me/sessions", { params: { query: { limit: 1 } } }));
  check(page.meta.pagination.next_cursor !== null, "the second session is missing");
  const params = { path: { session_id: page.data[0]?.id ?? "" } };
  success(await client.DELETE("/api/v1/users/me/sessions/{session_id}", { params }));
  problem(await client.DELETE("/api/v1/users/me/sessions/{session_id}", { params }), "SESSION_NOT_FOUND");
  problem(await signedIn(other.token).GET("/api/v1/users/me"), "INVALID_TOKEN");
}

async function exportAndDelete(client: typeof anybody) {
  const exported = success(await client.GET("/api/v1/users/me/export")).data;
  check(exported.user.name === "Mary Jackson", "the export has another name");
  problem(await client.DELETE("/api/v1/users/me", { body: { password: PASSWORD } }), "WRONG_PASSWORD");
  success(await client.DELETE("/api/v1/users/me", { body: { password: NEW_PASSWORD } }));
  problem(await client.GET("/api/v1/users/me"), "INVALID_TOKEN");
}

/** Never called. The compiler fails if it accepts one of these requests. */
export function mistakes() {
  // @ts-expect-error a body has no other fields
  const body: components["schemas"]["LogInRequest"] = { email: EMAIL, password: PASSWORD, name: "Mary" };
  void anybody.POST("/api/v1/auth/login", { body });
  // @ts-expect-error a required field is missing
  void anybody.POST("/api/v1/auth/login", { body: { email: EMAIL } });
  // @ts-expect-error there is no such role
  void anybody.GET("/api/v1/admin/users", { params: { query: { role: "guest" } } });
  // @ts-expect-error there is no such code
  problem({}, "NO_SUCH_CODE");
}

const mary = signedIn((await signUpAndRefresh()).token);
await readAndChange(mary);
await useSessions(mary);
await exportAndDelete(mary);
