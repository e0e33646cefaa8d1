// The token of a program in tests, from the file that the environment names; no function without one.
import { readFile } from 'node:fs/promises';

const file = process.env.TOKEN_FILE;
export const token = file ? () => readFile(file, 'utf8') : undefined;
