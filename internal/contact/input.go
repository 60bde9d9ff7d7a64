package contact

import (
	"bytes"
	"encoding/json"
)

// UnmarshalJSON reads an Input that json.Marshal has written, keeping numbers
// as json.Number. It is no decoder for what callers send; see Decode.
func (in *Input) UnmarshalJSON(data []byte) error {
	type plain Input // without this method
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	return decoder.Decode((*plain)(in))
}
