// Package dynamics365sales imitates the Dataverse Web API v9.2 of Dynamics 365
// Sales as far as it concerns the table contact.
//
// Accounts, system users, teams and new_regions are all that are GUIDs and
// not [kit.Missing]. The table has the customer's columns new_loyaltytier
// (choice 100000000 to 100000002), new_interests (several of the choices 1 to
// 3, as "1,2"), new_note (text), new_score (number), new_vip (yes or no),
// new_since (date) and new_extid (alternate key), and the look-up new_Region.
//
// Of the rules that a customer can set up, every account has the one against
// duplicates of emailaddress1, which the header
// MSCRM.SuppressDuplicateDetection: false turns on, and which answers 500, or
// 412 in accounts whose name starts with "dup412". "plugin" accounts have a
// plug-in that refuses contacts without a job title; "nooverride" accounts
// may not set overriddencreatedon.
//
// What the documentation leaves open is taken the strict way: both OData
// version headers are demanded, read-only columns are refused, a clash of
// keys is 412 but 409 in a part of a $batch, createdon shows an overridden
// day, and a record takes 20 ms of the execution time. $expand expands
// nothing, and a $batch takes no change sets.
package dynamics365sales

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"crmferry/internal/sandbox/kit"
)

const (
	slug   = "dynamics-365-sales"
	root   = "/api/data/v9.2"
	record = 20 // milliseconds of execution time
)

// Spec is the imitation.
func Spec() kit.Spec {
	return kit.Spec{
		Slug: slug, Credential: kit.Bearer, Connect: connect, Before: before, Headers: headers, Limits: limits(),
		Routes: map[string]kit.Handler{
			"GET " + root + "/WhoAmI": whoAmI, "GET " + root + "/WhoAmI()": whoAmI,
			"POST " + root + "/contacts": create, "GET " + root + "/contacts": query,
			"GET " + root + "/contacts({key})":                                 func(c *kit.Call) kit.Reply { return read(c, c.Var("key")) },
			"PATCH " + root + "/contacts({key})":                               func(c *kit.Call) kit.Reply { return patch(c, c.Var("key")) },
			"POST " + root + "/contacts/Microsoft.Dynamics.CRM.CreateMultiple": createMultiple,
			"POST " + root + "/$batch":                                         batch,
		},
		NewID: kit.UUID, Identity: identity,
		Seed: func(a *kit.Account, p kit.Person) map[string]any {
			return stored(a, map[string]any{
				"firstname": p.FirstName, "lastname": p.LastName, "emailaddress1": p.Email, "mobilephone": p.Phone, "jobtitle": p.Title,
			})
		},
		Errors: kit.Errors{
			Unauthorized: unauthorized, NotFound: notServed, Limited: limited,
			ServerError: func(c *kit.Call) kit.Reply {
				return failure(c, http.StatusInternalServerError, "0x80040216", "An unexpected error occurred.")
			},
			Unavailable: func(*kit.Call) kit.Reply {
				return kit.JSON(http.StatusServiceUnavailable, map[string]any{
					"Message": "The service is unavailable.", "ExceptionMessage": "The service is unavailable.", "StackTrace": "", "ErrorCode": -2147012865,
				})
			},
		},
	}
}

func connect(account, base string) (auth, settings map[string]string) {
	if base == "" {
		base = "https://" + strings.ToLower(strings.NewReplacer(".", "-", "_", "-").Replace(account)) + ".crm.dynamics.com"
	}
	return map[string]string{
		"scheme": "oauth2", "access_token": kit.Token(slug, account), "refresh_token": kit.Token(slug, account),
		"client_id": "sandbox-client", "client_secret": "sandbox-secret",
	}, map[string]string{"instance_url": base, "tenant_id": tenant(account)}
}

func tenant(account string) string { return kit.UUID(slug+" tenant "+account, 0) }
func caller(account string) string { return kit.UUID(slug+" user "+account, 0) }

func before(c *kit.Call) *kit.Reply {
	no := func(reply kit.Reply) *kit.Reply { return &reply }
	wanted := "application/json"
	if strings.HasSuffix(c.Request.URL.Path, "/$batch") {
		wanted = "multipart/mixed"
	}
	for _, name := range []string{"OData-Version", "OData-MaxVersion"} {
		if c.Request.Header.Get(name) != "4.0" {
			return no(failure(c, http.StatusBadRequest, "0x0", "The request needs the header "+name+": 4.0."))
		}
	}
	if len(c.Body) > 0 && c.MediaType() != wanted {
		return no(failure(c, http.StatusUnsupportedMediaType, "0x0",
			"A supported MIME type could not be found that matches the content type '"+c.MediaType()+"' of the request."))
	}
	return nil
}

func limits() []kit.Limit {
	return []kit.Limit{
		{Name: "requests", Requests: 6000, Per: 5 * time.Minute},
		{Name: "time", Requests: 1_200_000, Per: 5 * time.Minute, Cost: func(c *kit.Call) int {
			return record * max(1, bytes.Count(c.Body, []byte(`"@odata.type"`)), bytes.Count(c.Body, []byte("HTTP/1.1")))
		}},
		{Name: "concurrency", Requests: 52, Concurrent: true},
	}
}

func headers(c *kit.Call) map[string]string {
	return map[string]string{
		"OData-Version": "4.0", "x-ms-service-request-id": c.RequestID(), "REQ_ID": c.RequestID(),
		"x-ms-ratelimit-burst-remaining-xrm-requests": strconv.Itoa(c.Usage.Get("requests").Remaining()),
		"x-ms-ratelimit-time-remaining-xrm-requests":  fmt.Sprintf("%.2f", float64(c.Usage.Get("time").Remaining())/1000),
	}
}

func limited(c *kit.Call, u kit.Usage) kit.Reply {
	code, text := "0x80072322", fmt.Sprintf("Number of requests exceeded the limit of %d over time window of 300 seconds.", u.Requests)
	switch u.Name {
	case "time":
		code, text = "0x80072321", fmt.Sprintf("Combined execution time of incoming requests exceeded limit of %d milliseconds over time window of 300 seconds.", u.Requests)
	case "concurrency":
		code, text = "0x80072326", fmt.Sprintf("Number of concurrent requests exceeded the limit of %d.", u.Requests)
	}
	return failure(c, http.StatusTooManyRequests, code, text).With("Retry-After", strconv.Itoa(max(1, u.Seconds())))
}

// unauthorized answers without JSON, or without any body.
func unauthorized(c *kit.Call, fault kit.AuthFault) kit.Reply {
	challenge := "Bearer authorization_uri=https://login.microsoftonline.com/" + tenant(c.AccountName()) + "/oauth2/authorize, resource_id=https://" + c.Request.Host + "/"
	if fault == kit.Expired {
		return kit.Empty(http.StatusUnauthorized).With("WWW-Authenticate", challenge+`, error="invalid_token"`)
	}
	return kit.Raw(http.StatusUnauthorized, "text/html", "HTTP Error 401 - Unauthorized: Access is denied").With("WWW-Authenticate", challenge)
}

func notServed(c *kit.Call, allow []string) kit.Reply {
	if len(allow) > 0 {
		return failure(c, http.StatusMethodNotAllowed, "", "The requested resource does not support http method '"+c.Request.Method+"'.").
			With("Allow", strings.Join(allow, ", "))
	}
	at := strings.LastIndex(c.Request.URL.Path, "/") + 1
	return failure(c, http.StatusNotFound, "0x8006088a", "Resource not found for the segment '"+c.Request.URL.Path[at:]+"'.")
}

// refusal is why a call was not served.
type refusal struct {
	status        int
	code, message string
}

func (r refusal) reply(c *kit.Call) kit.Reply { return failure(c, r.status, r.code, r.message) }

func bad(code, message string) *refusal { return &refusal{http.StatusBadRequest, code, message} }

// payload blames the form of a body.
func payload(inner string) *refusal {
	return bad("0x80048d19", "Error identified in Payload provided by the user for Entity :'contacts', For more information on this error "+
		"please follow this help link https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : "+inner)
}

// syntax blames the query string or the key.
func syntax(message string) *refusal { return bad("0x80060888", message) }

func missingPrivilege(c *kit.Call, privilege string) *refusal {
	return &refusal{http.StatusForbidden, "0x80040220", "Principal user (Id=" + caller(c.Account.Name) + ", type=8, roleCount=1, " +
		"privilegeCount=3) is missing " + privilege + " privilege (Id=c61c2d2d-4ce4-4b43-8a3d-5d1d1c2f3a4b) on OTC=2 for entity 'contact'."}
}

// failure is the error body; it says more where annotations are asked for.
func failure(c *kit.Call, status int, code, message string) kit.Reply {
	body := map[string]any{"code": code, "message": message}
	if prefers(c, "odata.include-annotations") {
		body["@Microsoft.PowerApps.CDS.ErrorDetails.HttpStatusCode"] = strconv.Itoa(status)
		body["@Microsoft.PowerApps.CDS.HelpLink"] = "http://go.microsoft.com/fwlink/?LinkID=398563&error=" + code
	}
	return kit.JSON(status, map[string]any{"error": body})
}

// prefers tells whether the Prefer header has the preference.
func prefers(c *kit.Call, preference string) bool {
	for _, one := range strings.Split(strings.Join(c.Request.Header.Values("Prefer"), ","), ",") {
		if strings.HasPrefix(strings.TrimSpace(one), preference) {
			return true
		}
	}
	return false
}

func base(c *kit.Call) string { return "https://" + c.Request.Host + root + "/" }

func whoAmI(c *kit.Call) kit.Reply {
	return kit.JSON(http.StatusOK, map[string]any{
		"@odata.context": base(c) + "$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
		"BusinessUnitId": kit.UUID(slug+" unit "+c.Account.Name, 0), "UserId": caller(c.Account.Name),
		"OrganizationId": kit.UUID(slug+" organization "+c.Account.Name, 0),
	})
}
