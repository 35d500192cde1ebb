package events

import (
	"errors"
	"net/url"
	"reflect"
	"testing"

	"unreel/playback"
	"unreel/playback/storetest"
)

func TestCMCDKeys(t *testing.T) {
	c := ParseCMCD(`br=3200,bs,d=4004,mtp=25400,ot=v,sid="6e2fb550-c457-11e9-bb97-0800200c9a66",cid="a \"b\", c\\d",su, st=v;x=1,com.example-key="y"`)
	for key, want := range map[string]string{"sid": "6e2fb550-c457-11e9-bb97-0800200c9a66", "cid": `a "b", c\d`, "ot": "v", "st": "v", "bs": "true", "su": "true", "nothing": ""} {
		if got := c.Text(key); got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	number := func(text string, want float64, wantOK bool) {
		t.Helper()
		if got, ok := ParseCMCD("br=" + text).Number("br"); got != want || ok != wantOK {
			t.Errorf("%s: %v, %v; want %v, %v", text, got, ok, want, wantOK)
		}
	}
	number("3200", 3200, true)
	number("(5000;v 128;a)", 5000, true)
	number("(128;a 5000;v)", 5000, true)
	number("(128;a)", 128, true)
	number("1.5", 1.5, true)
	number("x", 0, false)
	number("NaN", 0, false)
	number("", 0, false)
	number("()", 0, false)
}

// A request says the same in its query as in its headers.
func TestCMCDOfRequests(t *testing.T) {
	query := "token=x&CMCD=" + url.QueryEscape(`br=1500,ot=av,sid="s 1"`) + "&y"
	header := map[string][]string{"Cmcd-Object": {"br=1500,ot=av"}, "Cmcd-Session": {`sid="s 1"`}}
	for _, c := range []CMCD{Request(query, nil), Request("", header)} {
		e, ok := c.Heard("film", "720p", 5000)
		if want := (Event{SessionID: "s 1", VideoID: "film", Kind: BitrateSwitch, Timestamp: 5000, ReceivedAt: 5000, Bandwidth: 1_500_000, Rendition: "720p", HeardFrom: ByRequest}); !ok || e != want {
			t.Errorf("%+v, %v; want %+v", e, ok, want)
		}
	}
	if c := Request("a=b", map[string][]string{"Range": {"bytes=0-"}}); c != nil {
		t.Errorf("%v", c)
	}
	if e, ok := ParseCMCD(`br=128,ot=a,sid="s"`).Heard("film", "audio", 5000); !ok || e.Kind != Heartbeat || e.Bandwidth != 0 {
		t.Errorf("sound: %+v", e)
	}
	if _, ok := ParseCMCD("br=128").Heard("film", "", 5000); ok {
		t.Error("no session is heard of")
	}
}

// A session in event mode is measured like one in JSON.
func TestCMCDEventMode(t *testing.T) {
	var reports []Event
	for _, line := range []string{
		`e=ps,sta=s,ts=1000000,sid="s",cid="film",v=2`,
		`e=ps,sta=p,ts=1000900,sid="s",cid="film",msd=850,pt=0`,
		`e=bc,ts=1000900,br=(1000;v 128;a),sid="s",cid="film"`,
		`e=t,ts=1005900,sid="s",cid="film",pt=5000`,
		`e=bc,ts=1010900,br=(3000;v 128;a),sid="s",cid="film"`,
		`e=ps,sta=r,ts=1015900,sid="s",cid="film"`,
		`e=ps,sta=p,ts=1016900,sid="s",cid="film"`,
		`e=ps,sta=e,ts=1026900,sid="s",cid="film"`,
	} {
		e, err := ParseCMCD(line).Event("", 5)
		storetest.Check(t, err)
		reports = append(reports, e)
	}
	s := Measure(reports)
	if s.Outcome != Played || *s.StartupMS != 850 || s.PlayMS != 25_000 || s.StallMS != 1000 || s.Switches != 1 || *s.AvgBitrate != 2_200_000 {
		t.Errorf("%+v", s)
	}
	for line, field := range map[string]string{
		`ts=1,sid="s",cid="c"`:           "[3].e",
		`e=t,sid="s",cid="c"`:            "[3].ts",
		`e=t,ts=x,sid="s",cid="c"`:       "[3].ts",
		`e=t,ts=5,cid="c"`:               "[3].sid",
		`e=t,ts=5,sid="s"`:               "[3].cid",
		"e=t,ts=5,sid=\"s\x01\",cid=\"c": "[3].session_id",
	} {
		_, err := ParseCMCD(line).Event("[3].", 5)
		var wrong *playback.FieldError
		if !errors.As(err, &wrong) || wrong.Field != field {
			t.Errorf("%s: %v, want one of %s", line, err, field)
		}
	}
}

// A player that sends both, under one sid, is measured by what it says itself: its requests go by another clock, and ask for
// what isn't seen yet. Without that they are all there is.
func TestCMCDInBothModes(t *testing.T) {
	const ahead = 30_000 // of the player's clock is ours
	var own, heard []Event
	for _, line := range []string{
		`e=ps,sta=s,ts=1000000`, `e=ps,sta=p,ts=1001000`, `e=bc,ts=1001000,br=(1000;v 128;a)`, `e=bc,ts=1011000,br=(3000;v 128;a)`, `e=ps,sta=e,ts=1031000`,
	} {
		e, err := ParseCMCD(line+`,sid="s",cid="film",v=2`).Event("", 5)
		storetest.Check(t, err)
		own = append(own, e)
	}
	for at, br := range map[int64]string{1_000_100: "1000", 1_001_500: "1000", 1_004_000: "3000", 1_020_000: "3000"} {
		e, ok := ParseCMCD("ot=v,br="+br+`,sid="s"`).Heard("film", "720p", ahead+at)
		if !ok {
			t.Fatal("a request is not heard")
		}
		heard = append(heard, e)
	}
	want := Measure(own)
	if want.Switches != 1 || *want.AvgBitrate != 2_333_333 {
		t.Fatalf("%+v", want)
	}
	if got := Measure(append(heard, own...)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := Measure(heard); got.Outcome != Played || got.PlayMS != 19_900 || got.Switches != 1 || got.Rendition != "720p" {
		t.Errorf("by its requests alone: %+v", got)
	}
}

// A film that is loaded before anybody asks for it (sta=d) has nobody waiting, and one that nobody ever asks for doesn't play.
func TestCMCDPreloading(t *testing.T) {
	measure := func(lines ...string) Summary {
		var reports []Event
		for _, line := range lines {
			e, err := ParseCMCD(line+`,sid="s",cid="film",v=2`).Event("", 5)
			storetest.Check(t, err)
			reports = append(reports, e)
		}
		return Measure(reports)
	}
	s := measure(`e=ps,sta=d,ts=1000000`, `e=ps,sta=s,ts=1060000`, `e=ps,sta=p,ts=1060400`, `e=ps,sta=e,ts=1080400`)
	if s.Outcome != Played || s.StartupMS == nil || *s.StartupMS != 400 || s.PlayMS != 20_000 {
		t.Errorf("%+v", s)
	}
	if s = measure(`e=ps,sta=d,ts=1000000`, `e=t,ts=1030000`, `e=ps,sta=q,ts=1060000`); s.PlayMS != 0 || s.StartupMS != nil || s.Outcome == ExitBeforeStart {
		t.Errorf("never asked for: %+v", s)
	}
	if c := ParseCMCD("bs=?1,su,bg=?0"); c.Text("bs") != "true" || c.Text("su") != "true" || c.Text("bg") == "true" {
		t.Errorf("%v", c)
	}
}

// FuzzCMCD takes any record: what it makes of it is always a report that may be kept.
func FuzzCMCD(f *testing.F) {
	f.Add(`e=ps,sta=p,ts=1000900,sid="s",cid="film",msd=850,pt=0,br=(1;v 2;a)`)
	f.Add(`br=3200,bs,sid="a\"b,c"`)
	f.Fuzz(func(t *testing.T, text string) {
		c := ParseCMCD(text)
		if e, err := c.Event("", 1); err == nil && e.Check("") != nil {
			t.Errorf("%q: %+v", text, e)
		}
		if e, ok := c.Heard("film", "720p", 1); ok && e.Check("") != nil {
			t.Errorf("%q: %+v", text, e)
		}
	})
}
