package main

import "github.com/go-analyze/charts"

// draw makes an SVG.
func (s *series) draw() ([]byte, error) {
	values, names := make([][]float64, len(s.Lines)), make([]string, len(s.Lines))
	for i, l := range s.Lines {
		values[i], names[i] = l.Values, l.Name
	}
	painter, err := charts.LineRender(values,
		charts.SVGOutputOptionFunc(), charts.DimensionsOptionFunc(720, 360),
		charts.TitleTextOptionFunc(s.Title+" ("+s.Y+" by "+s.X+")"),
		charts.XAxisLabelsOptionFunc(s.Xs), charts.LegendLabelsOptionFunc(names))
	if err != nil {
		return nil, err
	}
	return painter.Bytes()
}
