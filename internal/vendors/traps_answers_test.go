package vendors_test

import (
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
)

// trapsOfAnswers are answers that mean something else than they seem to.
func trapsOfAnswers() []trap {
	return []trap{
		{
			crm: "affinity", name: "a taken e-mail has the status of all that is invalid, and no fixed form",
			status: 422, body: `["Email ada@example.com has already been taken by another person."]`, kind: fault.Duplicate,
		},
		{
			crm: "affinity", name: "a 429 may be about the month, not the minute",
			status: 429, body: `{"errors":[{"code":"rate-limit","message":"no"}]}`, kind: fault.RateLimited, wait: 240 * time.Hour,
			header: map[string]string{
				"X-Ratelimit-Limit-User-Reset": "30", "X-Ratelimit-Limit-Org-Remaining": "0", "X-Ratelimit-Limit-Org-Reset": "864000",
			},
		},
		{
			crm: "affinity", name: "the search matches parts of e-mails", op: connector.OpFind, status: 200,
			contact: contact.Contact{EmailAddresses: []contact.Email{{Email: "ada@example.com"}}},
			body:    `{"persons":[{"id":7,"first_name":"Ada","emails":["ada@example.com.au","nada@example.com"]}]}`,
		},
		{
			crm: "attio", name: "a duplicate is a 400 that only its code tells",
			status: 400, body: `{"status_code":400,"type":"invalid_request_error","code":"uniqueness_conflict","message":"conflicts"}`,
			kind: fault.Duplicate,
		},
		{
			crm: "attio", name: "Retry-After is a date of the CRM's clock",
			status: 429, body: `{"status_code":429,"code":"rate_limit_exceeded"}`, kind: fault.RateLimited, wait: 40 * time.Second,
			header: map[string]string{"Date": "Tue, 23 May 2023 14:42:00 GMT", "Retry-After": "Tue, 23 May 2023 14:42:40 GMT"},
		},
		{
			crm: "capsule", name: "an organisation that is none is a 404 of the contact",
			status: 404, body: `{"message":"organisation not found"}`, kind: fault.Invalid, fields: []string{"account"},
		},
		{
			crm: "close", name: "error bodies may be plain text that is called JSON", status: 403, body: `Forbidden`, kind: fault.Forbidden,
		},
		{
			crm: "copper", name: "one taken e-mail of several refuses the person, in words alone",
			status: 422, body: `{"success":false,"status":422,"message":"Invalid input: Validation errors: Emails: Email has already been taken"}`,
			kind: fault.Duplicate, fields: []string{"email_addresses"},
		},
		{
			crm: "copper", name: "an unknown key has the status of a duplicate",
			status: 422, body: `{"success":false,"status":422,"message":"Invalid input: Validation errors: Base: Unrecognized attributes specified: email_x"}`,
			kind: fault.Invalid,
		},
		{crm: "copper", name: "success is a 200", status: 200, body: `{"id":27140359,"name":"Ada"}`, id: "27140359"},
		{crm: "copper", name: "success is a 201", status: 201, body: `{"id":27140359,"name":"Ada"}`, id: "27140359"},
		{
			crm: "dynamics-365-sales", name: "a duplicate may be a 500",
			status: 500, body: `{"error":{"code":"0x80040333","message":"A record was not created or updated because a duplicate exists."}}`,
			kind: fault.Duplicate,
		},
		{
			crm: "dynamics-365-sales", name: "a 412 may be a duplicate of a rule",
			status: 412, body: `{"error":{"code":"0x80040333","message":"A record was not created"}}`, kind: fault.Duplicate,
		},
		{
			crm: "freshsales", name: "a duplicate is told in words, with one status",
			status: 400, body: `{"errors":{"code":"3002","message":"Contact is not unique"}}`, kind: fault.Duplicate,
		},
		{
			crm: "freshsales", name: "a duplicate is told in words, with another status",
			status: 422, body: `{"errors":{"code":422,"message":["Email has already been taken"]}}`, kind: fault.Duplicate,
		},
		{
			crm: "freshsales", name: "a wrong address answers with a page", status: 404, body: `<!DOCTYPE html><html></html>`,
			header: map[string]string{"Content-Type": "text/html"}, kind: fault.NotFound,
		},
		{
			crm: "highlevel", name: "a missing scope is a 401 that no new token cures",
			status: 401, body: `{"statusCode":401,"message":"The token is not authorized for this scope."}`, kind: fault.Forbidden,
		},
		{
			crm: "highlevel", name: "a token of the wrong class is a 401 that no new token cures",
			status: 401, body: `{"statusCode":401,"message":"This authClass type is not allowed to access this scope. Please contact support"}`,
			kind: fault.Forbidden,
		},
		{crm: "highlevel", name: "a dead token is a 401", status: 401, body: `{"statusCode":401,"message":"Invalid JWT"}`, kind: fault.Unauthorized},
		{
			crm: "highlevel", name: "a 422 may have stored the contact",
			status: 422, body: `{"message":["email must be an email"],"error":"Unprocessable Entity","statusCode":422}`,
			kind: fault.Invalid, maybe: true, fields: []string{"email_addresses"},
		},
		{
			crm: "highlevel", name: "a duplicate is a 400 that names the contact",
			status: 400, body: `{"message":"This location does not allow duplicated contacts.","meta":{"contactId":"PBpuWvWICnSR8LLafaaO","matchingField":"email"}}`,
			kind: fault.Duplicate, id: "PBpuWvWICnSR8LLafaaO",
		},
		{
			crm: "highlevel", name: "the wait is told in milliseconds",
			status: 429, body: `{"statusCode":429}`, header: map[string]string{"X-RateLimit-Interval-Milliseconds": "10000"},
			kind: fault.RateLimited, wait: 10 * time.Second,
		},
		{
			crm: "hubspot", name: "the list of faults is JSON inside the message", status: 400, kind: fault.Invalid, fields: []string{"email_addresses"},
			body: `{"status":"error","message":"Property values were not valid: [{\"isValid\":false,\"error\":\"INVALID_EMAIL\",\"name\":\"email\"}]","category":"VALIDATION_ERROR"}`,
		},
		{
			crm: "hubspot", name: "a duplicate names the record in words", status: 409, kind: fault.Duplicate, id: "37765128953",
			body: `{"status":"error","message":"Contact already exists. Existing ID: 37765128953","category":"CONFLICT"}`,
		},
		{crm: "insightly", name: "errors may be a plain sentence", status: 400, body: `FIRST_NAME is required`, kind: fault.Invalid},
		{crm: "insightly", name: "errors may be JSON", status: 400, body: `{"Message":"The request is invalid."}`, kind: fault.Invalid},
		{crm: "insightly", name: "errors may be nothing", status: 403, kind: fault.Forbidden},
		{
			crm: "keap", name: "the gateway has errors of its own", status: 401, kind: fault.Unauthorized,
			body: `{"fault":{"faultstring":"Invalid Access Token","detail":{"errorcode":"keymanagement.service.invalid_access_token"}}}`,
		},
		{
			crm: "keap", name: "codes may be texts", status: 429, kind: fault.RateLimited,
			body: `{"code":"429","message":"Quota Exceeded","status":"Request Throttled","details":null}`,
		},
		{
			crm: "monday-crm", name: "errors come with a success status", status: 200, kind: fault.Forbidden,
			body: `{"data":{"create_item":null},"errors":[{"message":"no","extensions":{"code":"UserUnauthorizedException","status_code":403}}]}`,
		},
		{
			crm: "monday-crm", name: "limits come with a success status", status: 200, kind: fault.RateLimited, wait: 15 * time.Second,
			body: `{"error_message":"no","error_code":"FIELD_LIMIT_EXCEEDED","error_data":{"retry_in_seconds":15},"status_code":429}`,
		},
		{
			crm: "monday-crm", name: "errors beside an id are a success", status: 200, id: "9571351485",
			body: `{"data":{"create_item":{"id":"9571351485","name":"Ada","column_values":[]}},"errors":[{"message":"a part failed"}]}`,
		},
		{crm: "nutshell", name: "a 401 is a page", status: 401, body: `<html>An Error Occurred: Unauthorized</html>`, kind: fault.Unauthorized},
		{
			crm: "nutshell", name: "a success may hold errors", status: 200, kind: fault.Invalid,
			body: `{"contacts":[],"errors":[{"type":"errors","status":"400","title":"You may only create one contacts resource per request."}]}`,
		},
		{
			crm: "onepagecrm", name: "the limit is a 403 in plain text", status: 403, body: "403 Forbidden (Rate Limit Exceeded)\n",
			header: map[string]string{"Content-Type": "text/plain; charset=utf-8"}, kind: fault.RateLimited, wait: 2 * time.Second,
		},
		{
			crm: "onepagecrm", name: "a 403 in JSON is a missing right", status: 403, kind: fault.Forbidden,
			body: `{"status":403,"message":"Forbidden","error_name":"forbidden","error_message":"no","errors":{}}`,
		},
		{
			crm: "outreach", name: "a taken e-mail is told in words", status: 422, kind: fault.Duplicate,
			body: `{"errors":[{"id":"validationError","detail":"Contacts email hash has already been taken.","source":{"pointer":"/data"}}]}`,
		},
		{
			crm: "outreach", name: "an excluded e-mail looks like a taken one", status: 422, kind: fault.Invalid,
			body: `{"errors":[{"id":"validationError","detail":"Contacts contact is using an excluded email address.","source":{"pointer":"/data"}}]}`,
		},
		{
			crm: "outreach", name: "a number in Retry-After is an instant", status: 429, kind: fault.RateLimited, wait: 90 * time.Second,
			body:   `{"errors":[{"id":"rateLimitExceeded"}]}`,
			header: map[string]string{"Date": "Tue, 14 Nov 2023 22:13:20 GMT", "Retry-After": "1700000090"},
		},
		{
			crm: "outreach", name: "Retry-After of maintenance is an ISO time", status: 503, kind: fault.Unavailable, wait: 90 * time.Second,
			body:   `{"errors":[{"id":"scheduledServerMaintenance"}]}`,
			header: map[string]string{"Date": "Tue, 14 Nov 2023 22:13:20 GMT", "Retry-After": "2023-11-14T22:14:50"},
		},
		{
			crm: "pipedrive", name: "a 403 as a page is a block for hammering", status: 403, body: `<!DOCTYPE html><html>Cloudflare</html>`,
			header: map[string]string{"Content-Type": "text/html"}, kind: fault.RateLimited,
		},
		{
			crm: "pipedrive", name: "a 403 in JSON is a missing scope", status: 403, kind: fault.Forbidden,
			body: `{"success":false,"error":"Scope and URL mismatch","errorCode":403}`,
		},
		{
			crm: "pipedrive", name: "success is told by success", status: 200, kind: fault.Invalid,
			body: `{"success":false,"error":"Name must be given.","data":null}`,
		},
		{
			crm: "pipeliner", name: "the entity_id of an error is no record", status: 422, kind: fault.Invalid, fields: []string{"owner"},
			body: `{"code":40000,"name":"ERROR_ENTITY_VALIDATION","message":"no","entity_id":"01909781-5963-26bc-28ff-747e10a79a52",` +
				`"field_errors":[{"field_name":"owner_id","name":"ERROR_FIELD_VALIDATION","errors":[{"code":120,"name":"ERROR_RELATIONS_DOESNT_EXIST","field_name":"owner_id"}]}],"http_status":422,"success":false}`,
		},
		{crm: "planhat", name: "no company is no error: without _id nothing was stored", status: 200, body: `{}`, kind: fault.Invalid, maybe: true},
		{crm: "planhat", name: "a duplicate is told in words", status: 400, body: `externalId,email duplicated`, kind: fault.Duplicate},
		{crm: "planhat", name: "errors may be a JSON string", status: 400, body: `"email is required"`, kind: fault.Invalid},
		{crm: "salesflare", name: "a success without an id is none", status: 200, body: `{}`, kind: fault.OutcomeUnknown},
		{
			crm: "salesforce", name: "a limit is a 403", status: 403, kind: fault.RateLimited,
			body: `[{"message":"TotalRequests Limit exceeded.","errorCode":"REQUEST_LIMIT_EXCEEDED"}]`,
		},
		{
			crm: "salesforce", name: "a missing right is a 403 too", status: 403, kind: fault.Forbidden,
			body: `[{"message":"insufficient access rights on cross-reference id","errorCode":"INSUFFICIENT_ACCESS_OR_READONLY"}]`,
		},
		{
			crm: "salesforce", name: "the record of a duplicate is under duplicateResut, after those of leads", status: 400, kind: fault.Duplicate, id: "003D1",
			body: `[{"duplicateResut":{"matchResults":[{"entityType":"Lead","matchRecords":[{"record":{"Id":"00QD1"}}]},` +
				`{"entityType":"Contact","matchRecords":[{"record":{"Id":"003D1"}}]}]},"message":"Use one of these records?","errorCode":"DUPLICATES_DETECTED"}]`,
		},
		{
			crm: "salesforce", name: "a 401 that no new token cures", status: 401, kind: fault.Forbidden,
			body: `[{"message":"This session is not valid for use with the REST API","errorCode":"INVALID_SESSION_ID"}]`,
		},
		{
			crm: "teamleader", name: "the wait is an ISO time, its offset without a colon", status: 429, kind: fault.RateLimited, wait: 45 * time.Second,
			body:   `{"errors":[{"status":429,"title":"Rate limit exceeded"}]}`,
			header: map[string]string{"Date": "Tue, 14 Nov 2023 22:13:20 GMT", "X-RateLimit-Reset": "2023-11-14T23:14:05+0100"},
		},
		{
			crm: "wix", name: "a duplicate names the record", status: 409, kind: fault.Duplicate, id: "4b0133d5",
			body: `{"message":"no","details":{"applicationError":{"code":"DUPLICATE_CONTACT_EXISTS","data":{"duplicateContactId":"4b0133d5"}}}}`,
		},
		{
			crm: "zoho-crm", name: "a record is judged by its own status: alone", status: 201, kind: fault.Invalid, fields: []string{"last_name"},
			body: `{"data":[{"code":"MANDATORY_NOT_FOUND","details":{"api_name":"Last_Name"},"message":"required field not found","status":"error"}]}`,
		},
		{
			crm: "zoho-crm", name: "a missing scope is a 401 that no new token cures", status: 401, kind: fault.Forbidden,
			body: `{"code":"OAUTH_SCOPE_MISMATCH","message":"Unauthorized","status":"error","details":{}}`,
		},
		{
			crm: "zoho-crm", name: "a duplicate is a 400 that names the record", status: 400, kind: fault.Duplicate, id: "2008662000006256222",
			body: `{"data":[{"code":"DUPLICATE_DATA","details":{"api_name":"Email","duplicate_record":{"id":"2008662000006256222"}},"message":"duplicate data","status":"error"}]}`,
		},
	}
}
