// Package openapi holds the description of the API, in OpenAPI 3.1. Tests of package handlers hold it against what is routed and
// answered.
package openapi

import _ "embed"

//go:embed openapi.json
var document []byte

// Document is the description, as JSON.
func Document() []byte { return document }
