package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/ebsim/ebsim/internal/cloud"
)

func (s *shell) volume() *cobra.Command {
	group := &cobra.Command{Use: "volume", Short: "Bytes in and out of a volume", Args: exactly(0, "write or read"),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	var from, to string
	var at, length size
	write := &cobra.Command{
		Use: "write VOL --from FILE [--at OFFSET]", Short: "Write a file into a volume",
		Long:    "Write a file, or standard input (-), into a volume. A volume that is not attached is attached for the\ntime of the command, through KMS and as the caller.",
		Example: "  ebsim volume write vol-0123456789abcdef0 --from disk.img --at 1MiB",
		Args:    exactly(1, "the id of a volume"),
		RunE: func(c *cobra.Command, args []string) error {
			return s.bytes(c.Context(), args[0], func(b *cloud.Bytes) error { return s.writeBytes(c.Context(), b, from, int64(at)) })
		},
	}
	write.Flags().StringVar(&from, "from", "", "file to read")
	write.Flags().Var(&at, "at", "where in the volume, in bytes or as 4KiB")
	_ = write.MarkFlagRequired("from")
	var raw bool
	read := &cobra.Command{
		Use: "read VOL --to FILE [--at OFFSET] [--length N]", Short: "Read a volume's bytes into a file",
		Long:    "Read a volume's bytes into a file, or to standard output (-). With --raw, what is stored: ciphertext, where\nthe volume is encrypted.",
		Example: "  ebsim volume read vol-0123456789abcdef0 --length 4KiB --to -",
		Args:    exactly(1, "the id of a volume"),
		RunE: func(c *cobra.Command, args []string) error {
			whole := !c.Flags().Changed("length")
			return s.bytes(c.Context(), args[0], func(b *cloud.Bytes) error {
				n := int64(length)
				if whole {
					n = b.Size - int64(at)
				}
				return s.readBytes(c.Context(), b, to, int64(at), n, raw)
			})
		},
	}
	read.Flags().StringVar(&to, "to", "", "file to write")
	read.Flags().Var(&at, "at", "where in the volume")
	read.Flags().Var(&length, "length", "how much; to the end if not given")
	read.Flags().BoolVar(&raw, "raw", false, "what is stored, not what it means")
	_ = read.MarkFlagRequired("to")
	group.AddCommand(write, read)
	return group
}

// bytes opens a volume as the caller for the time of fn.
func (s *shell) bytes(ctx context.Context, id string, fn func(*cloud.Bytes) error) error {
	return s.with(ctx, func(w *world) error {
		call, err := s.call(ctx, w)
		if err != nil {
			return err
		}
		b, err := w.cloud.OpenVolume(ctx, call, id)
		if err != nil {
			return s.refused(ctx, w, call, err)
		}
		return errors.Join(fn(b), b.Close())
	})
}

// chunk is how much is read or written at once.
const chunk = 4 << 20

func (s *shell) writeBytes(ctx context.Context, b *cloud.Bytes, from string, at int64) error {
	var in io.Reader = s.env.Stdin
	total := int64(-1)
	if from != "-" {
		f, n, err := s.env.files.open(from)
		if err != nil {
			return err
		}
		defer f.Close()
		in, total = f, n
	}
	if at < 0 || total > b.Size-at || at > b.Size {
		return fmt.Errorf("%s has %s from offset %d on: the %s of %s do not fit", "the volume", humanize.IBytes(uint64(max(0, b.Size-at))), at, humanize.IBytes(uint64(max(0, total))), from)
	}
	bar := s.bar("write", total)
	defer bar.end()
	buf := make([]byte, chunk)
	for off := at; ctx.Err() == nil; {
		n, err := io.ReadFull(in, buf)
		if n > 0 {
			if _, werr := b.WriteAt(buf[:n], off); werr != nil {
				return werr
			}
			off += int64(n)
			bar.add(int64(n))
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return b.Flush()
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (s *shell) readBytes(ctx context.Context, b *cloud.Bytes, to string, at, n int64, raw bool) (err error) {
	if at < 0 || n < 0 || n > b.Size-at {
		return fmt.Errorf("the volume has %d bytes: %d at offset %d are not all there", b.Size, n, at)
	}
	out := s.env.Stdout
	if to != "-" {
		f, err := s.env.files.create(to)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		out = f
	}
	read := b.ReadAt
	if raw {
		read = b.ReadRaw
	}
	bar := s.bar("read", n)
	defer bar.end()
	buf := make([]byte, chunk)
	for end := at + n; at < end; {
		if err := ctx.Err(); err != nil {
			return err
		}
		p := buf[:min(chunk, end-at)]
		if _, err := read(p, at); err != nil {
			return err
		}
		if _, err := out.Write(p); err != nil {
			return err
		}
		at += int64(len(p))
		bar.add(int64(len(p)))
	}
	return nil
}

// size is a flag of bytes: 4096, 4KiB, 1G.
type size int64

func (z *size) String() string { return fmt.Sprint(int64(*z)) }
func (z *size) Type() string   { return "bytes" }
func (z *size) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil || n > 1<<62 {
		return fmt.Errorf("%q is not a number of bytes, such as 4096 or 4KiB", text)
	}
	*z = size(n)
	return nil
}
