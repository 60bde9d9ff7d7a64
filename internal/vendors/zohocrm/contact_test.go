package zohocrm

import "testing"

func TestUsable(t *testing.T) {
	t.Parallel()
	for number, want := range map[string]string{
		"+44 (20) 7946-0018":                      "+44 (20) 7946-0018",
		"030/123456":                              "030 123456",
		"+49/30/123456":                           "+4930123456",
		"+1 800 FLOWERS":                          "+18003569377",
		"ask for Ada":                             "",
		"0000000000000000000000000000000":         "", // 31 characters
		"+44 20 7946 0018 (weekdays, until five)": "",
	} {
		if got := usable(number); got != want {
			t.Errorf("%q becomes %q, want %q", number, got, want)
		}
	}
}
