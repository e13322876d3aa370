"""dump: what a job found, in a form that does not depend on how many ranks and threads found it. Only the standard library.

dump(folder) gives bytes: of each kind of result file all ranks' files together, experiments sorted by file, frame and lattice, each with its
models and its rows of reflections in all their bits; then the rows of frames, lattices and failures of the database.
"""
import glob, hashlib, json, os, sqlite3, struct


def unpack(data, at=0):
    """One MessagePack value of the kinds that .refl files hold, and where it ends."""
    kind = data[at]
    at += 1
    if kind < 0x80:
        return kind, at
    if kind < 0x90:
        return pairs(data, at, kind & 15)
    if kind < 0xa0:
        return values(data, at, kind & 15)
    if kind < 0xc0:
        return data[at:at + (kind & 31)].decode(), at + (kind & 31)
    if kind >= 0xe0:
        return kind - 256, at
    if kind in (0xc0, 0xc2, 0xc3):
        return {0xc0: None, 0xc2: False, 0xc3: True}[kind], at
    number = {0xca: ">f", 0xcb: ">d", 0xcc: ">B", 0xcd: ">H", 0xce: ">I", 0xcf: ">Q", 0xd0: ">b", 0xd1: ">h", 0xd2: ">i", 0xd3: ">q",
              0xc4: ">B", 0xc5: ">H", 0xc6: ">I", 0xd9: ">B", 0xda: ">H", 0xdb: ">I", 0xdc: ">H", 0xdd: ">I", 0xde: ">H", 0xdf: ">I"}[kind]
    n = struct.unpack_from(number, data, at)[0]
    at += struct.calcsize(number)
    if kind in (0xc4, 0xc5, 0xc6):
        return data[at:at + n], at + n
    if kind in (0xd9, 0xda, 0xdb):
        return data[at:at + n].decode(), at + n
    if kind in (0xdc, 0xdd):
        return values(data, at, n)
    if kind in (0xde, 0xdf):
        return pairs(data, at, n)
    return n, at


def values(data, at, n):
    out = []
    for _ in range(n):
        value, at = unpack(data, at)
        out.append(value)
    return out, at


def pairs(data, at, n):
    out = {}
    for _ in range(n):
        key, at = unpack(data, at)
        out[key], at = unpack(data, at)
    return out, at


def reflections(path):
    """Rows by identifier: for each the bytes of every column but the number of the experiment."""
    with open(path, "rb") as f:
        (_, _, table), _ = unpack(f.read())
    n, columns = table["nrows"], {}
    for name, (kind, (count, content)) in sorted(table["data"].items()):
        assert count == n and len(content) % max(n, 1) == 0, f"{path}: column {name}"
        columns[name] = (len(content) // max(n, 1), content)
    names = table["identifiers"]
    width, ids = columns["id"]
    found = {}
    for row in range(n):
        ident = names[struct.unpack_from("<i", ids, row * width)[0]]
        parts = [name.encode() + b"=" + content[row * w:(row + 1) * w] for name, (w, content) in columns.items()
                 if name not in ("id", "imageset_id")]
        found.setdefault(ident, []).append(b"|".join(parts))
    return found


def experiments(path):
    """(file, frame, identifier) → all models of it as text."""
    with open(path) as f:
        e = json.load(f)
    found = {}
    for one in e["experiment"]:
        images = e["imageset"][one["imageset"]]
        frame = (images.get("single_file_indices") or images.get("images_index") or [0])[0]
        file = images.get("template") or images.get("images", [""])[0]
        models = {k: e[k][one[k]] for k in ("beam", "detector", "crystal") if k in one}
        found[(file, frame, one["identifier"])] = json.dumps([models, images], sort_keys=True)
    return found


# every column but times, thread, attempt, and that there was an attempt before (flag 128)
TABLES = {
    "frame": "source,frame,outcome,reason,flags&~128,label,n_lattice,n_strong,n_sat,ev_rec,ev_used,ev_src,dist_mm,res_a",
    "lattice": "source,frame,lattice,reason,cell_no,n_indexed,n_integrated,evidence,rmsd_px,rmsd_psi,res_a,eta_deg,dom_a,dx_px,dy_px,"
               "a,b,c,al,be,ga,mat,free_cell,free_cov,shells,ident",
    "failure": "source,frame,body",
}


def dump(folder):
    out = []
    for kind in ("refined", "integrated"):
        found = {}
        for path in sorted(glob.glob(os.path.join(folder, f"idx-*_{kind}.expt"))):
            more = experiments(path)
            assert not set(found) & set(more), f"{path}: a lattice is in two files"
            found.update(more)
        out += [f"{kind} {key} {text}".encode() for key, text in sorted(found.items())]
        out.append(f"{kind} {len(found)}".encode())
    for kind in ("strong", "indexed", "integrated"):
        found = {}
        for path in sorted(glob.glob(os.path.join(folder, f"idx-*_{kind}.refl"))):
            more = reflections(path)
            assert not set(found) & set(more), f"{path}: reflections of a lattice are in two files"
            found.update(more)
        for ident, rows in sorted(found.items()):
            out += [f"{kind} {ident} ".encode() + row for row in rows]
        out.append(f"{kind} {len(found)} {sum(map(len, found.values()))}".encode())
    with sqlite3.connect(f"file:{folder}/xfelx.db?mode=ro", uri=True) as db:
        for table, columns in TABLES.items():
            out += [f"{table} {row}".encode() for row in sorted(db.execute(f"SELECT {columns} FROM {table}").fetchall())]
    return b"\n".join(out)


if __name__ == "__main__":
    import sys
    for folder in sys.argv[1:]:
        content = dump(folder)
        print(hashlib.sha256(content).hexdigest(), len(content), folder)
