package content

import (
	"fmt"
	"runtime"

	"github.com/klauspost/compress/zstd"
)

// codec compresses and decompresses blocks. Its methods are safe for
// concurrent use.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() *codec {
	n := min(runtime.GOMAXPROCS(0), maxWorkers)
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(n),
		zstd.WithWindowSize(BlockSize), zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic("content: zstd: " + err.Error())
	}
	// WithDecodeAllCapLimit: a frame that claims more than its block's plain
	// length fails before it takes memory.
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(n), zstd.WithDecodeAllCapLimit(true),
		zstd.WithDecoderMaxMemory(BlockSize), zstd.WithDecoderMaxWindow(BlockSize), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic("content: zstd: " + err.Error())
	}
	return &codec{enc, dec}
}

// pays says whether stored bytes are worth decompressing to plain ones: a
// sixteenth saved.
func pays(stored, plain int) bool { return stored <= plain-(plain+15)/16 }

// compress puts plain into buf, which has room for it uncompressed, in the
// codec that it returns.
func (c *codec) compress(buf, plain []byte) ([]byte, uint8) {
	if out := c.enc.EncodeAll(plain, buf[:0]); pays(len(out), len(plain)) {
		return out, CodecZstd
	}
	return append(buf[:0], plain...), CodecNone
}

// decompress puts the plaintext of data into dst, which it must fill.
func (c *codec) decompress(dst, data []byte, codec uint8) error {
	n := len(dst)
	switch codec {
	case CodecNone:
		n = copy(dst, data)
		if len(data) != len(dst) {
			n = len(data)
		}
	case CodecZstd:
		out, err := c.dec.DecodeAll(data, dst[:0:len(dst)])
		if err != nil {
			return fmt.Errorf("zstd: %w", err)
		}
		n = len(out)
	default:
		return fmt.Errorf("codec %d", codec)
	}
	if n != len(dst) {
		return fmt.Errorf("%d bytes instead of %d", n, len(dst))
	}
	return nil
}
