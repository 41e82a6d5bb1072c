import { writeTypes } from './generate-types.ts'

writeTypes()
