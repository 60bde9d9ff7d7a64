package insightly

import (
	"strings"
	"time"

	"crmferry/internal/connector"
	"crmferry/internal/contact"
	"crmferry/internal/fault"
	"crmferry/internal/shape"
)

// remaining is the header that tells how many calls of the day are left.
const remaining = "X-RateLimit-Remaining"

// parse reads a refusal, which has no code, and comes as a sentence, as an
// object, as HTML or as nothing at all.
func parse(r connector.Reply) connector.VendorError {
	ve := connector.LenientError(r)
	if answer, err := connector.DecodeJSON[struct{ Message string }](r); err == nil && answer.Message != "" {
		ve = connector.VendorError{Message: answer.Message}
	}
	switch {
	case strings.Contains(ve.Message, "does not have access"): // also with 404
		ve.Kind = fault.Forbidden
	case r.Status == 400:
		ve.Fields = shape.Words(ve.Message)
	case r.Status == 429 && r.Header.Get(remaining) == "0" && r.Header.Get("Retry-After") == "":
		ve.RetryAfter = untilMidnight(r.AnsweredAt().UTC())
	}
	return ve
}

// untilMidnight is the rest of a day.
func untilMidnight(at time.Time) time.Duration {
	return at.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(at)
}

// blamable are the words of a message that name a field.
func blamable() map[string]contact.Field {
	names := map[string]contact.Field{
		"FIRST_NAME": contact.FirstName, "LAST_NAME": contact.LastName, "TITLE": contact.Title, "BACKGROUND": contact.Description,
		"EMAIL_ADDRESS": contact.EmailAddresses, "ORGANISATION_ID": contact.Account, "Organisation": contact.Account,
		"OWNER_USER_ID": contact.Owner, "User": contact.Owner, "CUSTOMFIELDS": contact.CustomFields, "FIELD_NAME": contact.CustomFields,
		"FIELD_VALUE": contact.CustomFields, "TAGS": contact.Tags, "TAG_NAME": contact.Tags, "SOCIAL_LINKEDIN": contact.URLs,
		"SOCIAL_FACEBOOK": contact.URLs, "SOCIAL_TWITTER": contact.URLs, "PHONE": contact.PhoneNumbers,
	}
	for _, kind := range []string{"HOME", "MOBILE", "OTHER", "ASSISTANT", "FAX"} {
		names["PHONE_"+kind] = contact.PhoneNumbers
	}
	for _, part := range []string{"STREET", "CITY", "STATE", "POSTCODE", "COUNTRY"} {
		names["ADDRESS_MAIL_"+part], names["ADDRESS_OTHER_"+part] = contact.Addresses, contact.Addresses
	}
	return names
}
