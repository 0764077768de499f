/** The thread that puts a spreadsheet together: takes rows in chunks, then null; tells the file's bytes, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import writeExcelFile from 'write-excel-file/node';

const cells: (string | number)[][] = [];
parentPort?.on('message', async (chunk: (string | number)[][] | null) => {
  if (chunk !== null) {
    cells.push(...chunk);
    return;
  }
  const file = new Uint8Array(
    await writeExcelFile(cells as never, { sheet: workerData as string } as never).toBuffer(),
  );
  parentPort?.postMessage(file, [file.buffer]);
});
