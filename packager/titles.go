package packager

// Summary is a title as the list shows it, from names alone. Paths are escaped and below the server's root.
type Summary struct {
	Title    string `json:"title"`
	Master   string `json:"master"` // of HLS
	CMAF     string `json:"cmaf"`   // of HLS in fragmented MP4
	Manifest string `json:"dash"`
	Info     string `json:"info"`
}

// Titles lists the titles whose name holds query, in order: limit of them after the first offset, and how many there are.
func (p *Packager) Titles(query string, offset, limit int) (page []Summary, total int) {
	entries, total := p.library.List(query, offset, limit)
	page = make([]Summary, len(entries))
	for i, entry := range entries {
		page[i] = Summary{
			Title:    entry.Title,
			Master:   "hls/" + MasterRef{Title: entry.Title}.String(),
			CMAF:     "cmaf/" + MasterRef{Title: entry.Title}.String(),
			Manifest: "cmaf/" + ManifestRef{Title: entry.Title}.String(),
			Info:     "info/" + InfoPath(entry.Title),
		}
	}
	return page, total
}
