package shape

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"crmferry/internal/contact"
)

func TestEach(t *testing.T) {
	t.Parallel()
	if got := Each([]string{"a", "b"}, strings.ToUpper); !cmp.Equal(got, []string{"A", "B"}) {
		t.Error(got)
	}
	if got := Each(nil, strings.ToUpper); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

func TestExtensions(t *testing.T) {
	t.Parallel()
	var r reports
	Extensions([]contact.Phone{{Number: "1"}, {Number: "2", Extension: "3"}}, r.warn)
	r.expect(t, "Extensions", "phone_numbers/1/extension no_room")
}

func TestTags(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"VIP", "7"}, TagNames([]contact.Tag{{ID: "1", Name: "VIP"}, {ID: "7"}})); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]contact.Tag{{Name: "VIP"}}, TagList([]string{"VIP"})); diff != "" {
		t.Error(diff)
	}
	got := NewTags([]contact.Tag{{Name: "vip"}, {ID: "2"}, {Name: "New"}}, []contact.Tag{{ID: "1", Name: "VIP"}, {ID: "2", Name: "B"}})
	if diff := cmp.Diff([]contact.Tag{{Name: "New"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewEntries(t *testing.T) {
	t.Parallel()
	emails := NewEmails([]contact.Email{{Email: "ADA@x.example"}, {Email: "b@x.example"}}, []contact.Email{{Email: "ada@x.example"}})
	if diff := cmp.Diff([]contact.Email{{Email: "b@x.example"}}, emails); diff != "" {
		t.Error(diff)
	}
	phones := NewPhones(
		[]contact.Phone{{Number: "020 7946 0018"}, {Number: "+442079460018", Extension: "9"}, {Number: "ask Ada"}, {Number: "+442079460019"}},
		[]contact.Phone{{Number: "+442079460018", Extension: "7"}, {Number: "ask Ada"}})
	if diff := cmp.Diff([]contact.Phone{{Number: "+442079460018", Extension: "9"}, {Number: "+442079460019"}}, phones); diff != "" {
		t.Error(diff)
	}
	places := NewAddresses([]contact.Address{{City: "London", Country: "GB"}, {City: "Paris"}}, []contact.Address{{City: "london", Country: "United Kingdom", Type: "work"}})
	if diff := cmp.Diff([]contact.Address{{City: "Paris"}}, places); diff != "" {
		t.Error(diff)
	}
	urls := NewURLs([]contact.URL{{URL: "ada.example.com"}, {URL: "https://b.example.com/x"}}, []contact.URL{{URL: "https://Ada.example.com/"}})
	if diff := cmp.Diff([]contact.URL{{URL: "https://b.example.com/x"}}, urls); diff != "" {
		t.Error(diff)
	}
}

func TestExtended(t *testing.T) {
	t.Parallel()
	existing := append(make([]int, 0, 8), 1, 2)
	if got := Extended(existing, nil); got != nil {
		t.Errorf("nothing new: %v", got)
	}
	if got := Extended(existing, []int{3}); !cmp.Equal(got, []int{1, 2, 3}) || existing[:3][2] == 3 {
		t.Errorf("%v, and the old list is %v", got, existing[:3])
	}
}
