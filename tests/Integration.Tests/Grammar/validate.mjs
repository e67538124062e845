// Reads {schema, texts} by line; writes, by line, why each text does not fit, or null.
import { createInterface } from 'node:readline';
import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

for await (const line of createInterface({ input: process.stdin })) {
  const { schema, texts, isDraft7 } = JSON.parse(line);
  const judge = new (isDraft7 ? Ajv : Ajv2020)({ strict: false });
  addFormats(judge);
  const validate = judge.compile(schema);
  process.stdout.write(JSON.stringify(texts.map(text => {
    try {
      return validate(JSON.parse(text)) ? null : judge.errorsText(validate.errors);
    } catch (error) {
      return String(error);
    }
  })) + '\n');
}
