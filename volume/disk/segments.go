package disk

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// segmentSize keeps files below what common file systems allow.
const segmentSize = 1 << 40

// segments are a volume's sectors as they are stored, in files of 1 TiB that
// come into being at their first write.
type segments struct {
	files Files
	mu    sync.RWMutex
	open  map[int64]*segment
}

type segment struct {
	file   File
	unsync atomic.Bool
}

func segmentName(n int64) string { return fmt.Sprintf("data.%03d", n) }

// segmentNumber is the reverse of segmentName.
func segmentNumber(name string) (int64, bool) {
	digits, ok := strings.CutPrefix(name, "data.")
	n, err := strconv.ParseInt(digits, 10, 32)
	return n, ok && err == nil && n >= 0 && segmentName(n) == name
}

func openSegments(files Files) (*segments, error) {
	s := &segments{files: files, open: map[int64]*segment{}}
	list, err := files.List()
	if err != nil {
		return nil, err
	}
	for _, info := range list {
		n, ok := segmentNumber(info.Name)
		if !ok {
			continue
		}
		f, err := files.Open(info.Name, false)
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.open[n] = &segment{file: f}
	}
	return s, nil
}

// at returns the segment that holds off, nil if it is absent and create is
// not given.
func (s *segments) at(off int64, create bool) (*segment, error) {
	n := off / segmentSize
	s.mu.RLock()
	seg := s.open[n]
	s.mu.RUnlock()
	if seg != nil || !create {
		return seg, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if seg := s.open[n]; seg != nil {
		return seg, nil
	}
	f, err := s.files.Open(segmentName(n), true)
	if err != nil {
		return nil, err
	}
	s.open[n] = &segment{file: f}
	return s.open[n], nil
}

func (s *segments) read(p []byte, off int64) error {
	for len(p) > 0 {
		n := min(int64(len(p)), segmentSize-off%segmentSize)
		seg, err := s.at(off, false)
		switch {
		case err != nil:
		case seg == nil:
			clear(p[:n])
		default:
			err = seg.file.ReadAt(p[:n], off%segmentSize)
		}
		if err != nil {
			return fmt.Errorf("disk: read %d bytes at %d: %w", n, off, err)
		}
		p, off = p[n:], off+n
	}
	return nil
}

// write takes no bytes beyond one segment.
func (s *segments) write(p []byte, off int64) error {
	seg, err := s.at(off, true)
	if err == nil {
		err = seg.file.WriteAt(p, off%segmentSize)
		seg.unsync.Store(true)
	}
	if err != nil {
		return fmt.Errorf("disk: write %d bytes at %d: %w", len(p), off, err)
	}
	return nil
}

// punch takes no bytes beyond one segment.
func (s *segments) punch(off, n int64) error {
	seg, err := s.at(off, false)
	if err != nil || seg == nil || n == 0 {
		return err
	}
	err = seg.file.Punch(off%segmentSize, n)
	seg.unsync.Store(true)
	if err != nil {
		return fmt.Errorf("disk: trim %d bytes at %d: %w", n, off, err)
	}
	return nil
}

// extent returns the first run of stored bytes in [off, end); from == to if
// there is none. A run does not go beyond its segment.
func (s *segments) extent(off, end int64) (from, to int64, err error) {
	for off < end {
		base := off / segmentSize * segmentSize
		seg, err := s.at(off, false)
		if err != nil {
			return 0, 0, err
		}
		if seg != nil {
			from, to, err := seg.file.Extent(off - base)
			if err != nil {
				return 0, 0, fmt.Errorf("disk: find data from %d: %w", off, err)
			}
			from, to = from+base, min(to+base, end)
			if from < to {
				return from, to, nil
			}
		}
		off = base + segmentSize
	}
	return end, end, nil
}

// sync makes durable what was written. The caller holds flushes apart, so
// that no flush returns while another still syncs what both cover.
func (s *segments) sync() error {
	for n, seg := range s.all() {
		if !seg.unsync.Swap(false) {
			continue
		}
		if err := seg.file.Sync(); err != nil {
			seg.unsync.Store(true)
			return fmt.Errorf("disk: sync %s: %w", segmentName(n), err)
		}
	}
	return nil
}

// unsynced asks the next sync to cover every segment.
func (s *segments) unsynced() {
	for _, seg := range s.all() {
		seg.unsync.Store(true)
	}
}

func (s *segments) all() map[int64]*segment {
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make(map[int64]*segment, len(s.open))
	for n, seg := range s.open {
		all[n] = seg
	}
	return all
}

func (s *segments) close() error {
	var errs []error
	for _, seg := range s.all() {
		errs = append(errs, seg.file.Close())
	}
	return errors.Join(errs...)
}
