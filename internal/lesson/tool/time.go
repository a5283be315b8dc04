package tool

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// date tells the lesson's clock, in UTC always.
func date(c *call) int {
	format := "+%a %b %e %H:%M:%S UTC %Y"
	switch {
	case len(c.args) > 1 || len(c.args) == 1 && !strings.HasPrefix(c.args[0], "+"):
		return c.fail(1, "a lesson's date takes -u and +FORMAT only")
	case len(c.args) == 1:
		format = c.args[0]
	}
	text, err := strftime(format[1:], c.Now().UTC())
	if err != nil {
		return c.fail(1, "%v", err)
	}
	_, err = fmt.Fprintln(c.Stdout, text)
	return c.ioStatus(err)
}

// strftime formats a time by the common letters of POSIX date and GNU's %N
// and %s.
func strftime(format string, t time.Time) (string, error) {
	layouts := map[byte]string{'Y': "2006", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05",
		'p': "PM", 'y': "06", 'a': "Mon", 'A': "Monday", 'b': "Jan", 'h': "Jan", 'B': "January", 'Z': "UTC", 'z': "-0700",
		'F': "2006-01-02", 'T': "15:04:05", 'R': "15:04", 'D': "01/02/06"}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		if i++; i == len(format) {
			return "", fmt.Errorf("format %q ends in %%", format)
		}
		switch ch := format[i]; ch {
		case '%':
			b.WriteByte('%')
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 's':
			b.WriteString(strconv.FormatInt(t.Unix(), 10))
		case 'N':
			fmt.Fprintf(&b, "%09d", t.Nanosecond())
		case 'j':
			fmt.Fprintf(&b, "%03d", t.YearDay())
		case 'u':
			b.WriteString(strconv.Itoa((int(t.Weekday())+6)%7 + 1))
		default:
			layout, ok := layouts[ch]
			if !ok {
				return "", fmt.Errorf("a lesson's date has no %%%c", ch)
			}
			b.WriteString(t.Format(layout))
		}
	}
	return b.String(), nil
}

// sleep waits by the lesson's clock: seconds, or with a suffix s, m, h, d.
func sleep(c *call) int {
	var total time.Duration
	if len(c.args) == 0 {
		return c.fail(1, "missing operand")
	}
	for _, arg := range c.args {
		digits := strings.TrimRight(arg, "smhd")
		unit, ok := map[string]time.Duration{"": time.Second, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}[arg[len(digits):]]
		n, err := strconv.ParseFloat(digits, 64)
		if err != nil || !ok || !(n >= 0 && n <= 1e6) {
			return c.fail(1, "invalid time interval %q", arg)
		}
		total += time.Duration(n * float64(unit))
	}
	if err := c.Sleep(c.ctx, total); err != nil {
		return c.fail(1, "%v", err)
	}
	return 0
}
