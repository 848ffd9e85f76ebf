package fetch

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// stored wraps the content as an xz file that does not compress: the standard library cannot write xz, and the program xz
// is not on every machine. The layout is that of https://tukaani.org/xz/xz-file-format.txt.
func stored(content []byte) []byte {
	const chunk = 1 << 16
	var out bytes.Buffer
	out.WriteString("\xFD7zXZ\x00")
	withCRC(&out, []byte{0, 1}) // the check is a CRC32

	// A block of one filter, LZMA2, with the smallest dictionary that holds a chunk.
	begin := out.Len()
	withCRC(&out, []byte{2, 0, 0x21, 1, 8, 0, 0, 0})
	for at := 0; at < len(content); at += chunk {
		part := content[at:min(at+chunk, len(content))]
		control := byte(2)
		if at == 0 {
			control = 1 // begins with an empty dictionary
		}
		out.WriteByte(control)
		_ = binary.Write(&out, binary.BigEndian, uint16(len(part)-1))
		out.Write(part)
	}
	out.WriteByte(0)
	unpadded := out.Len() - begin + crc32.Size
	pad(&out)
	_ = binary.Write(&out, binary.LittleEndian, crc32.ChecksumIEEE(content))

	index := bytes.NewBuffer([]byte{0, 1}) // one block
	index.Write(binary.AppendUvarint(nil, uint64(unpadded)))
	index.Write(binary.AppendUvarint(nil, uint64(len(content))))
	pad(index)
	withCRC(&out, index.Bytes())

	footer := binary.LittleEndian.AppendUint32(nil, uint32(index.Len()+crc32.Size)/4-1)
	footer = append(footer, 0, 1)
	_ = binary.Write(&out, binary.LittleEndian, crc32.ChecksumIEEE(footer))
	out.Write(footer)
	out.WriteString("YZ")
	return out.Bytes()
}

func withCRC(out *bytes.Buffer, field []byte) {
	out.Write(field)
	_ = binary.Write(out, binary.LittleEndian, crc32.ChecksumIEEE(field))
}

// pad fills up to a multiple of four bytes.
func pad(out *bytes.Buffer) {
	for out.Len()%4 != 0 {
		out.WriteByte(0)
	}
}
