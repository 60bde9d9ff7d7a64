package parse

import (
	"mime"
	"path"
	"strings"
)

// Format is how an upload is written.
type Format string

// The formats that can be read.
const (
	NDJSON Format = "ndjson"
	JSON   Format = "json"
	CSV    Format = "csv"
	VCard  Format = "vcard"
)

// MediaType is the format's media type, as a post-back is sent with it.
func (f Format) MediaType() string {
	switch f {
	case NDJSON:
		return "application/x-ndjson"
	case JSON:
		return "application/json"
	case CSV:
		return "text/csv"
	default:
		return "text/vcard"
	}
}

// byMedia holds the names that clients send, the vendors' own included:
// browsers on Windows call a .csv file application/vnd.ms-excel.
var byMedia = map[string]Format{
	"application/x-ndjson": NDJSON, "application/ndjson": NDJSON, "application/jsonl": NDJSON,
	"application/x-jsonlines": NDJSON, "application/json-lines": NDJSON, "application/jsonlines": NDJSON,
	"application/json": JSON, "text/json": JSON,
	"text/csv": CSV, "application/csv": CSV, "text/x-csv": CSV, "text/comma-separated-values": CSV,
	"text/tab-separated-values": CSV, "application/vnd.ms-excel": CSV,
	"text/vcard": VCard, "text/x-vcard": VCard, "text/directory": VCard, "application/vcard": VCard,
}

var byExtension = map[string]Format{
	".ndjson": NDJSON, ".jsonl": NDJSON, ".json": JSON, ".csv": CSV, ".tsv": CSV, ".txt": CSV, ".tab": CSV, ".vcf": VCard, ".vcard": VCard,
}

// vague are the media types that say nothing of the content.
func vague(media string) bool {
	return media == "" || media == "application/octet-stream" || media == "text/plain" ||
		media == "application/gzip" || media == "application/x-gzip"
}

// FormatOf finds the format by media type, and by file name where the media
// type says nothing. charset is the media type's parameter, if it has one.
func FormatOf(mediaType, fileName string) (f Format, charset string, err error) {
	media, params, _ := mime.ParseMediaType(mediaType)
	if f, ok := byMedia[media]; ok {
		return f, params["charset"], nil
	}
	name := strings.TrimSuffix(strings.ToLower(fileName), ".gz")
	if f, ok := byExtension[path.Ext(name)]; ok && vague(media) {
		return f, params["charset"], nil
	}
	return "", "", fail(CodeUnsupportedMedia, 0,
		"The file must be application/x-ndjson, application/json, text/csv or text/vcard.")
}
